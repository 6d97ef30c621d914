// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Evaluation
import Foundation
import Torch
import Training
import Weights

/// What the commands do with a teacher, of whatever kind. Samples are what its network denoises: images, or latents.
protocol TeacherModel {
    associatedtype Network: Denoiser

    /// The teacher.
    var network: Network { get }
    /// Tells its weights from all others.
    var fingerprint: String { get }
    /// What its samples are conditioned on besides classes; nil where there is nothing more.
    var conditions: (any Conditions)? { get }
    /// Those of them that are prompts.
    var prompts: PairDescription.Prompts? { get }
    /// `[C, H, W]` of the images.
    var imageShape: [Int] { get }

    /// A network of the same architecture, for generator and critic.
    func makeNetwork() -> Network
    /// The deterministic sampler in words.
    func samplerName(steps: Int) -> String
    /// Samples of noise by that sampler.
    func samples(of z: Tensor, condition: Tensor?, steps: Int) -> Tensor
    /// The images of samples, without gradient.
    func images(of samples: Tensor) -> Tensor
    /// LPIPS between the images of samples: as the model makes them, and as a tiny decoder does if there is one.
    func distances(_ lpips: LPIPS) -> (full: Distance, tiny: Distance?)
    /// Images by a network like the teacher's.
    func generation(of network: Network, steps: Int, seed: UInt64) -> Generation
    /// Writes a generator.
    ///
    /// - Parameter name: that of the file or folder, without an ending.
    /// - Returns: where it is.
    func save(_ generator: Network, as name: String, in folder: URL, metadata: [String: String]) throws -> URL
}

extension TeacherModel {
    /// What pairs of the teacher are made of.
    func pairs(count: Int, steps: Int, seed: UInt64, shardSize: Int = 1_000) -> PairDescription {
        PairDescription(
            count: count, seed: seed, sampleShape: network.sampleShape, classCount: network.classCount,
            prompts: prompts, teacher: fingerprint, sampler: samplerName(steps: steps),
            shardSize: shardSize)
    }

    /// Makes the pairs that a folder lacks.
    ///
    /// - Returns: whether the set is whole; if not, the process was asked to stop, or its time is up.
    func makePairs(
        in folder: URL, count: Int, steps: Int, seed: UInt64, batch: Int = 128, shardSize: Int = 1_000,
        device: Device, timeLimit: TimeLimit? = nil
    ) throws -> Bool {
        var writer = try PairWriter(
            folder, pairs(count: count, steps: steps, seed: seed, shardSize: shardSize),
            conditions: conditions)
        guard writer.finished < count else { return true }
        var progress = ProgressReport("pairs", total: count, done: writer.finished, unit: "pair")
        var timeLimit = timeLimit
        timeLimit?.begin()
        let isWhole = try writer.write(
            batch: batch, device: device, sampler: { samples(of: $0, condition: $1, steps: steps) },
            progress: { made in
                progress.update(made)
                return !Interrupt.isRequested && timeLimit?.isReached() != true
            })
        progress.finish()
        return isWhole
    }
}
