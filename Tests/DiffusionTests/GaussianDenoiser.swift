// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Synchronization
import Torch

/// The ideal denoiser of normal data: `mu = m + alpha v (x_t - alpha m) / (alpha^2 v + sigma^2)` with the data's mean `m`
/// and variance `v`.
final class GaussianDenoiser: Denoiser {
    let schedule: any NoiseSchedule
    let sampleShape: [Int]
    let mean: Double
    let deviation: Double
    let children: [Child] = []
    private let types = Mutex<[DType]>([])

    /// The type of what each evaluation was asked for.
    var evaluations: [DType] { types.withLock { $0 } }

    init(
        _ schedule: any NoiseSchedule, mean: Double = 0, deviation: Double, sampleShape: [Int] = [1, 2, 2]
    ) {
        (self.schedule, self.mean, self.deviation) = (schedule, mean, deviation)
        self.sampleShape = sampleShape
    }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        types.withLock { $0.append(x.dtype) }
        let level = level.matching(x)
        let variance = deviation * deviation
        let gain = level.alpha * variance / (level.alpha.square() * variance + level.sigma.square())
        return gain * (x - level.alpha * mean) + mean
    }

    func replica(sharing: WeightSharing) -> GaussianDenoiser {
        GaussianDenoiser(schedule, mean: mean, deviation: deviation, sampleShape: sampleShape)
    }
}
