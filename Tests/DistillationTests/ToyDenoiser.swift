// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Torch
import Weights

/// The ideal denoiser of a mixture plus a small network that begins at zero: as a teacher it is exact without training,
/// as generator and critic it begins there and learns.
final class ToyDenoiser: Denoiser, MixedPrecision {
    let computeType = Setting(ComputeType.float32)
    let mixture: Mixture
    let schedule: any NoiseSchedule
    let conditioning: Conditioning
    let sampleShape: [Int]
    private let input: Tensor
    private let inputBias: Tensor
    private let hidden: Tensor
    private let hiddenBias: Tensor
    private let output: Tensor

    var children: [Child] {
        [
            .parameter("input.weight", input), .parameter("input.bias", inputBias),
            .parameter("hidden.weight", hidden), .parameter("hidden.bias", hiddenBias),
            .parameter("output.weight", output),
        ]
    }

    init(
        _ mixture: Mixture, classCount: Int = 0, width: Int = 64,
        schedule: any NoiseSchedule = KarrasSchedule(), sampleShape: [Int]? = nil
    ) {
        self.mixture = mixture
        conditioning = classCount > 0 ? .classes(classCount) : .none
        self.schedule = schedule
        self.sampleShape = sampleShape ?? [mixture.centers[0].count, 1, 1]
        let dimensions = mixture.centers[0].count
        let features = dimensions + 1 + classCount
        var stream = RandomStream(seed: 0, purpose: "toy")
        input = stream.normal([width, features]) * (2 / Double(features)).squareRoot()
        inputBias = stream.normal([width])
        hidden = stream.normal([width, width]) * (2 / Double(width)).squareRoot()
        hiddenBias = .zeros([width])
        output = .zeros([dimensions, width])
    }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        let sigma = level.matching(x).sigma.reshaped([-1, 1])
        let points = x.reshaped([x.shape[0], -1])
        // EDM's scalings for data of standard deviation 0.5: what the network adds is of the size of what is unknown.
        let total = (sigma.square() + 0.25).sqrt()
        var features = [points / total, sigma.log() / 4]
        if let classes = condition?.classes { features.append(classes.to(x.dtype)) }
        let type = computeType.value == .float32 ? x.dtype : computeType.value.dtype
        func linear(_ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
            x.linear(weight: weight.to(type), bias: bias?.to(type))
        }
        let first = linear(Tensor.concatenated(features, dim: 1).to(type), input, inputBias).silu()
        let second = linear(first, hidden, hiddenBias).silu()
        let learned = linear(second, output).to(x.dtype) * (sigma * 0.5 / total)
        return mixture.denoised(x, at: level) + learned.reshaped(x.shape)
    }

    func replica(sharing: WeightSharing) -> ToyDenoiser {
        ToyDenoiser(
            mixture, classCount: classCount, width: inputBias.count, schedule: schedule,
            sampleShape: sampleShape
        ).taking(weightsOf: self, sharing)
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

    init(
        _ mixture: Mixture, pairs count: Int = 256, classCount: Int = 0,
        schedule: any NoiseSchedule = KarrasSchedule(), sampleShape: [Int]? = nil
    ) {
        let teacher = ToyDenoiser(
            mixture, classCount: classCount, schedule: schedule, sampleShape: sampleShape)
        let description = PairDescription(
            count: count, seed: 5, sampleShape: teacher.sampleShape, classCount: classCount,
            teacher: fingerprint(of: teacher.state), sampler: "heun, 18 steps", storage: .float32)
        let images = heun(
            teacher, noise: description.noise(at: 0..<count), given: description.condition(at: 0..<count))
        self.teacher = teacher
        pairs = PairSet(description, images: images)
    }

    /// The squared distance of each image.
    static func distance(_ a: Tensor, _ b: Tensor) -> Tensor {
        (a - b).square().flattened(from: 1).sum(dims: [1])
    }

    func distiller(
        _ recipe: DistillationRecipe, terms: [any GeneratorTerm] = []
    ) throws -> Distiller<ToyDenoiser> {
        try Distiller(
            recipe, teacher: teacher, pairs: recipe.regression.weight > 0 ? pairs : nil,
            distance: { Toy.distance($0, $1) }, terms: terms)
    }

    /// A small recipe, with settings of one's own.
    static func recipe(_ change: (inout DistillationRecipe) -> Void = { _ in }) -> DistillationRecipe {
        var recipe = DistillationRecipe()
        recipe.steps = 8
        recipe.batch = 32
        recipe.regression.batch = 16
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

extension StepReport {
    /// What was measured under a tag; NaN if nothing was.
    func value(_ tag: String) -> Double { measured[tag]?.item() ?? .nan }
}

extension Toy {
    /// What a step draws for the samples of its batch, by the name of the stream.
    static func normals(_ purpose: String, step: Int = 0, count: Int = 32, shape: [Int] = [2, 1, 1]) -> Tensor
    {
        RandomStream.normals(0..<count, seed: 0, purpose: purpose, step: step, shape: shape)
    }

    /// Numbers of levels that a step draws.
    static func levels(_ purpose: String, _ range: Range<Int>, step: Int = 0, count: Int = 32) -> Tensor {
        Tensor(
            RandomStream.integers(below: range.count, 0..<count, seed: 0, purpose: purpose, step: step)
                .map { $0 + range.lowerBound })
    }
}
