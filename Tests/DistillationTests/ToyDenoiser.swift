// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Torch
import Weights

/// The ideal denoiser of a mixture plus a small network that begins at zero: as a teacher it is exact without training,
/// as generator and critic it begins there and learns.
final class ToyDenoiser: Denoiser, MixedPrecision {
    var computeType = ComputeType.float32
    let mixture: Mixture
    let schedule: any NoiseSchedule
    let classCount: Int
    private let input: Tensor
    private let inputBias: Tensor
    private let hidden: Tensor
    private let hiddenBias: Tensor
    private let output: Tensor

    var members: [Member] {
        [
            .parameter("input.weight", input), .parameter("input.bias", inputBias),
            .parameter("hidden.weight", hidden), .parameter("hidden.bias", hiddenBias),
            .parameter("output.weight", output),
        ]
    }
    var sampleShape: [Int] { [mixture.centers[0].count, 1, 1] }

    init(
        _ mixture: Mixture, classCount: Int = 0, width: Int = 64,
        schedule: any NoiseSchedule = KarrasSchedule()
    ) {
        self.mixture = mixture
        self.classCount = classCount
        self.schedule = schedule
        let dimensions = mixture.centers[0].count
        let features = dimensions + 1 + classCount
        var stream = RandomStream(seed: 0, purpose: "toy")
        input = stream.normal([width, features]) * (2 / Double(features)).squareRoot()
        inputBias = stream.normal([width])
        hidden = stream.normal([width, width]) * (2 / Double(width)).squareRoot()
        hiddenBias = .zeros([width])
        output = .zeros([dimensions, width])
    }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, condition: Tensor?) -> Tensor {
        let sigma = level.sigma.reshaped([-1, 1])
        let points = x.reshaped([x.shape[0], -1])
        // EDM's scalings for data of standard deviation 0.5: what the network adds is of the size of what is unknown.
        let total = (sigma.square() + 0.25).sqrt()
        var features = [points / total, sigma.log() / 4]
        if let condition { features.append(condition) }
        let type = computeType == .float32 ? x.dtype : computeType.dtype
        func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
            x.linear(weight: weight.to(type), bias: bias?.to(type))
        }
        let first = linear(Tensor.concatenated(features, dim: 1).to(type), input, inputBias).silu()
        let second = linear(first, hidden, hiddenBias).silu()
        let learned = linear(second, output).to(x.dtype) * (sigma * 0.5 / total)
        return mixture.denoised(x, at: level) + learned.reshaped(x.shape)
    }

    /// EDM's of data with that standard deviation, or that of variance-preserving models.
    func lossWeight(at level: NoiseLevel) -> Tensor {
        (level.alpha / level.sigma).square() + (schedule is KarrasSchedule ? 4 : 0)
    }
}

/// A toy teacher with pairs from its own deterministic sampler, and a distance for the regression loss.
struct Toy {
    var teacher: ToyDenoiser
    var pairs: PairSet

    init(_ mixture: Mixture, pairs count: Int = 256, classCount: Int = 0) {
        let teacher = ToyDenoiser(mixture, classCount: classCount)
        let description = PairDescription(
            count: count, seed: 5, sampleShape: teacher.sampleShape, classCount: classCount,
            teacher: fingerprint(of: teacher.state), sampler: "heun, 18 steps", storage: .float32)
        let images = heun(
            teacher, noise: description.noise(at: 0..<count), condition: description.condition(at: 0..<count))
        self.teacher = teacher
        pairs = PairSet(description, images: images)
    }

    /// The squared distance of each image.
    static func distance(_ a: Tensor, _ b: Tensor) -> Tensor { (a - b).square().sum(dims: [1, 2, 3]) }

    func distiller(_ recipe: DistillationRecipe) throws -> Distiller<ToyDenoiser> {
        try Distiller(
            recipe, teacher: teacher,
            makeNetwork: { [teacher] in ToyDenoiser(teacher.mixture, classCount: teacher.classCount) },
            pairs: recipe.lambda > 0 ? pairs : nil, distance: Toy.distance)
    }

    /// A small recipe, with settings of one's own.
    static func recipe(_ change: (inout DistillationRecipe) -> Void = { _ in }) -> DistillationRecipe {
        var recipe = DistillationRecipe()
        recipe.steps = 8
        recipe.batch = 32
        recipe.pairBatch = 16
        recipe.learningRate = 1e-3
        recipe.warmUpSteps = 2
        recipe.logEvery = 2
        recipe.sampleEvery = 4
        recipe.checkpointEvery = 4
        recipe.emaHalfLifeImages = [1_000]
        change(&recipe)
        return recipe
    }
}
