// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Torch

/// The random numbers of one turn of a step. Each is named by the seed, what it is for, the step, and the index of its
/// sample in the batch, so that micro-batches, threads and processes draw their share of the same batch.
struct StepRandomness: Sendable {
    let seed: UInt64
    /// Which turn: the beginning of the streams' names.
    let turn: String
    let step: Int
    let sampleShape: [Int]
    let device: Device

    /// The names of the streams, by which they can be made again.
    var streams: [String] { ["z", "condition", "level", "noise"].map { "\(turn).\($0)" } }

    /// The generator's input: unit normal noise, and conditions with equal chances.
    func latents(_ indices: Range<Int>, _ conditions: (any ConditionSource)?) -> (
        z: Tensor, condition: Condition?
    ) {
        let indices = Array(indices)
        let condition = conditions.map { $0(integers(below: $0.count, indices, "condition")).to(device) }
        return (normals(indices, "z"), condition)
    }

    /// Noise for the samples of some indices, at steps of the schedule uniform in `range`.
    func noiseSample(_ indices: [Int], levels range: Range<Int>) -> NoiseSample {
        NoiseSample(
            steps: integers(below: range.count, indices, "level").map { $0 + range.lowerBound },
            noise: normals(indices, "noise"))
    }

    private func normals(_ indices: [Int], _ name: String) -> Tensor {
        RandomStream.normals(
            indices, seed: seed, purpose: "\(turn).\(name)", step: step, shape: sampleShape, device: device)
    }

    private func integers(below bound: Int, _ indices: [Int], _ name: String) -> [Int] {
        RandomStream.integers(below: bound, indices, seed: seed, purpose: "\(turn).\(name)", step: step)
    }
}

/// How samples are noised: the step of the schedule for each, and unit normal noise.
struct NoiseSample: Sendable {
    let steps: [Int]
    let noise: Tensor

    /// The levels of a schedule.
    func level(of schedule: any NoiseSchedule) -> NoiseLevel {
        schedule.level(at: Tensor(steps, device: noise.device))
    }
}
