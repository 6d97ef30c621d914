// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Torch

/// The ideal denoiser of normal data with mean 0: `mu = alpha v x_t / (alpha^2 v + sigma^2)` with the data's variance `v`.
final class GaussianDenoiser: Denoiser {
    let schedule: any NoiseSchedule
    let sampleShape = [1, 2, 2]
    let classCount = 0
    let deviation: Double
    private(set) var evaluations: [DType] = []

    init(_ schedule: any NoiseSchedule, deviation: Double) {
        self.schedule = schedule
        self.deviation = deviation
    }

    var members: [Member] { [] }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, condition: Tensor?) -> Tensor {
        evaluations.append(x.dtype)
        let variance = deviation * deviation
        return level.alpha * x * variance / (level.alpha.square() * variance + level.sigma.square())
    }
}
