// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Models
import Torch
import Training

/// What a step of EDM training learns from. Each draw is named by the seed, what it is for, the step, and the index of its
/// image in the batch.
struct TeacherBatch: Sendable {
    private let recipe: TeacherRecipe
    private let step: Int
    private let device: Device

    /// Images of a part of a batch.
    struct Part: Sendable {
        /// `[N, C, H, W]` in [-1, 1].
        let x: Tensor
        let condition: Condition?
        /// Where they stand in the batch.
        let indices: Range<Int>
    }

    init(_ recipe: TeacherRecipe, step: Int, device: Device) {
        (self.recipe, self.step, self.device) = (recipe, step, device)
    }

    /// The images at some places of the step's batch, mirrored at random if the recipe says so.
    func images(_ batch: Range<Int>, of set: TrainingImages) throws -> Part {
        let first = step * recipe.batch
        let numbers = set.order(seed: recipe.seed)(first + batch.lowerBound..<first + batch.upperBound)
        var x = try set.images(numbers).to(device).to(.float32) / 127.5 - 1
        if recipe.mirror {
            let sides = RandomStream.integers(
                below: 2, batch, seed: recipe.seed, purpose: "teacher.mirror", step: step)
            let isMirrored = Tensor(sides, shape: [sides.count, 1, 1, 1], device: device) .< 1
            x = isMirrored.selecting(x.flipped(dims: [3]), else: x)
        }
        guard recipe.network.labelDim > 0, let labels = set.labels else {
            return Part(x: x, condition: nil, indices: batch)
        }
        let classes = Tensor(numbers.map { labels[$0] }, device: device)
        return Part(
            x: x, condition: .classes(classes.oneHot(classCount: recipe.network.labelDim).to(.float32)),
            indices: batch)
    }

    /// The random numbers of the loss for the images of some indices.
    func draws(_ indices: Range<Int>) -> EDMDraws {
        func normals(_ purpose: String, _ shape: [Int]) -> Tensor {
            RandomStream.normals(
                indices, seed: recipe.seed, purpose: "teacher.\(purpose)", step: step, shape: shape,
                device: device)
        }
        let network = recipe.network
        return EDMDraws(
            logSigma: normals("sigma", []),
            noise: normals("noise", [network.imgChannels, network.imgResolution, network.imgResolution]))
    }

    /// A fault of the step, with the draws that it was made of.
    func fault(_ values: [String: Double], _ sigmas: [Tensor]) -> TrainingFault {
        TrainingFault(
            step: step + 1, network: "network", values: values,
            noiseLevels: sigmas.flatMap { $0.array(as: Double.self) }, seed: recipe.seed,
            streams: ["teacher.order", "teacher.sigma", "teacher.noise"]
                + (recipe.mirror ? ["teacher.mirror"] : []))
    }
}
