// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Synchronization
import Torch

/// `mu = weight sigma x + c` with a condition `c` for each sample, and features that are known: `x + c` and `x - c`.
final class StubDenoiser: FeatureDenoiser {
    let schedule: any NoiseSchedule = KarrasSchedule()
    let sampleShape = [3]
    let conditioning = Conditioning.named(["context"])
    let weight: Tensor
    let scale = Tensor([4.0])
    private let sizes = Mutex<[Int]>([])

    /// The size of the batch at each evaluation.
    var batches: [Int] { sizes.withLock { $0 } }

    init(_ weight: Double = 0.5) { self.weight = Tensor([weight]) }

    var children: [Child] { [.parameter("weight", weight), .buffer("scale", scale)] }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        sizes.withLock { $0.append(x.shape[0]) }
        return level.matching(x).sigma * x * weight + value(condition)
    }

    func predictAndFeatures(
        _ x: Tensor, at level: NoiseLevel, given condition: Condition?
    ) -> Prediction {
        let value = value(condition)
        return Prediction(x0: self(x, at: level, given: condition), features: [x + value, x - value])
    }

    func lossWeight(at level: NoiseLevel) -> Tensor { level.sigma * 7 }

    func replica(sharing: WeightSharing) -> StubDenoiser { StubDenoiser(0).taking(weightsOf: self, sharing) }

    private func value(_ condition: Condition?) -> Tensor {
        condition?.context ?? Tensor(1000, dtype: .float64)
    }
}
