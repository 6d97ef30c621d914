// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// A level at which a sampler evaluates a network: a ``NoiseLevel`` of plain numbers, for all samples of a batch.
public struct SamplerLevel: Sendable, Equatable {
    /// What remains of the clean sample, in [0, 1].
    public let alpha: Double
    /// The standard deviation of the noise; 0 is the clean sample, which no network is asked for.
    public let sigma: Double
    /// What a network is told.
    public let time: Double

    /// Collects the numbers.
    public init(alpha: Double, sigma: Double, time: Double) {
        self.alpha = alpha
        self.sigma = sigma
        self.time = time
    }

    /// The clean sample.
    public static let clean = SamplerLevel(alpha: 1, sigma: 0, time: 0)

    /// `sigma / alpha`; infinite for pure noise.
    public var noiseToSignal: Double { sigma / alpha }

    /// The level for `count` samples, float64 on the CPU.
    public func level(count: Int) -> NoiseLevel {
        func batch(_ value: Double) -> Tensor { .full([count], value: value, dtype: .float64) }
        return NoiseLevel(alpha: batch(alpha), sigma: batch(sigma), time: batch(time))
    }
}
