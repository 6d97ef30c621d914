// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// A normal distribution of features: what the Frechet distance compares.
public struct Gaussian {
    /// Float64 `[D]`.
    public let mean: Tensor
    /// Float64 `[D, D]`, symmetric.
    public let covariance: Tensor

    /// - Parameters:
    ///   - mean: `[D]`.
    ///   - covariance: `[D, D]`, symmetric.
    public init(mean: Tensor, covariance: Tensor) {
        precondition(
            mean.rank == 1 && covariance.shape == [mean.count, mean.count],
            "no distribution has mean \(mean.shape) and covariance \(covariance.shape)")
        self.mean = mean.detached().to(.cpu).to(.float64)
        self.covariance = covariance.detached().to(.cpu).to(.float64)
    }

    /// The length `D` of the vectors.
    public var dimension: Int { mean.count }
}
