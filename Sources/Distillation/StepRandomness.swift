// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Torch

/// The random numbers of one turn of a step. Each is named by the seed, what it is for, the step, and the index of its
/// sample in the batch, so that micro-batches, threads and processes draw their share of the same batch.
struct StepRandomness: Sendable {
    let seed: UInt64
    /// Which turn: the beginning of the streams' names.
    let turn: String
    let step: Int
    let sampleShape: [Int]
    let levels: LevelTable
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

    /// The step that a generator of `count` steps is trained in: one for the whole batch.
    func generatorStep(of count: Int) -> Int { count == 1 ? 0 : integers(below: count, [0], "stage")[0] }

    /// The fresh noise of a generator's step, for the samples of some indices.
    func fresh(_ indices: [Int], step: Int) -> Tensor { normals(indices, "fresh.\(step)") }

    /// Noise for the samples of some indices, at levels drawn as the settings have it.
    ///
    /// - Parameter name: what it is for, where a turn needs noise more than once.
    func noiseSample(
        _ indices: [Int], _ settings: LevelSettings, of schedule: any NoiseSchedule, for name: String? = nil
    ) -> NoiseSample {
        let prefix = name.map { "\($0)." } ?? ""
        let range = settings.numbers(of: schedule.count)
        let numbers =
            switch settings.law {
            case .uniform:
                integers(below: range.count, indices, "\(prefix)level").map { $0 + range.lowerBound }
            case .logNormal:
                RandomStream.normals(
                    indices, seed: seed, purpose: "\(turn).\(prefix)level", step: step, shape: []
                ).array(as: Double.self).map {
                    let number = levels.number(ofLogRatio: settings.mean + settings.deviation * $0)
                    return min(max(number, range.lowerBound), range.upperBound - 1)
                }
            }
        return NoiseSample(
            level: schedule.level(at: Tensor(numbers, device: device)),
            positions: Tensor(numbers.map { Double($0) / Double(schedule.count) }).to(.float32),
            noise: normals(indices, "\(prefix)noise"))
    }

    /// A little unit normal noise for the samples of some indices.
    func perturbation(_ indices: [Int]) -> Tensor { normals(indices, "perturbation") }

    private func normals(_ indices: [Int], _ name: String) -> Tensor {
        RandomStream.normals(
            indices, seed: seed, purpose: "\(turn).\(name)", step: step, shape: sampleShape, device: device)
    }

    private func integers(below bound: Int, _ indices: [Int], _ name: String) -> [Int] {
        RandomStream.integers(below: bound, indices, seed: seed, purpose: "\(turn).\(name)", step: step)
    }
}

/// How samples are noised: the level of each, where in the schedule it is, and unit normal noise.
struct NoiseSample: Sendable {
    let level: NoiseLevel
    /// From 0 to 1, `[N]` on the CPU.
    let positions: Tensor
    let noise: Tensor

    /// `alpha x + sigma eps`.
    func noised(_ x: Tensor) -> Tensor { level.noising(x, noise: noise) }
}
