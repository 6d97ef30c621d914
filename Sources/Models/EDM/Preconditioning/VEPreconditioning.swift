// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The scalings of the variance-exploding diffusion, whose network predicts the noise with its sign turned.
///
/// Source: Song et al. 2021 (arXiv 2011.13456) in the form of Karras et al. 2022, table 1, column "VE" (arXiv 2206.00364).
public struct VEPreconditioning: Preconditioning, Codable, Sendable, Equatable {
    /// The least noise that the network was trained for.
    public let sigmaMin: Double
    /// The most.
    public let sigmaMax: Double

    /// The published settings, or others.
    public init(sigmaMin: Double = 0.02, sigmaMax: Double = 100) {
        precondition(0 < sigmaMin && sigmaMin < sigmaMax, "levels must ascend from above 0")
        self.sigmaMin = sigmaMin
        self.sigmaMax = sigmaMax
    }

    /// From ``sigmaMin`` to ``sigmaMax``.
    public var sigmaRange: ClosedRange<Double> { sigmaMin...sigmaMax }

    /// 1.
    public func cSkip(_ sigma: Tensor) -> Tensor { .zerosLike(sigma) + 1 }

    /// `sigma`.
    public func cOut(_ sigma: Tensor) -> Tensor { sigma }

    /// 1.
    public func cIn(_ sigma: Tensor) -> Tensor { .zerosLike(sigma) + 1 }

    /// `ln(sigma / 2)`.
    public func cNoise(_ sigma: Tensor) -> Tensor { (sigma * 0.5).log() }
}
