// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import Torch

/// The scalings of the variance-preserving diffusion in continuous time, whose network predicts the noise.
///
///     sigma(t) = sqrt(exp(betaD t^2 / 2 + betaMin t) - 1),  t in (0, 1]
///
/// Source: Song et al. 2021 (arXiv 2011.13456) in the form of Karras et al. 2022, table 1, column "VP" (arXiv 2206.00364).
public struct VPPreconditioning: Preconditioning, Codable, Sendable, Equatable {
    /// How fast the rate of noising grows, above 0.
    public let betaD: Double
    /// The rate of noising at first, above 0.
    public let betaMin: Double
    /// The number of steps that the network counts time in.
    public let steps: Int

    /// The published settings, or others.
    public init(betaD: Double = 19.9, betaMin: Double = 0.1, steps: Int = 1000) {
        precondition(betaD > 0 && betaMin > 0 && steps > 1, "rates must be above 0 and steps above 1")
        self.betaD = betaD
        self.betaMin = betaMin
        self.steps = steps
    }

    /// From `t = 1e-5` to 1.
    public var sigmaRange: ClosedRange<Double> {
        func sigma(_ t: Double) -> Double { expm1(betaD * t * t / 2 + betaMin * t).squareRoot() }
        return sigma(1e-5)...sigma(1)
    }

    /// 1.
    public func cSkip(_ sigma: Tensor) -> Tensor { .zerosLike(sigma) + 1 }

    /// `-sigma`.
    public func cOut(_ sigma: Tensor) -> Tensor { -sigma }

    /// `1 / sqrt(sigma^2 + 1)`.
    public func cIn(_ sigma: Tensor) -> Tensor { 1 / (sigma.square() + 1).sqrt() }

    /// `(steps - 1) t` of the time when the noise is `sigma`.
    public func cNoise(_ sigma: Tensor) -> Tensor {
        let root = ((1 + sigma.square()).log() * (2 * betaD) + betaMin * betaMin).sqrt()
        return (root - betaMin) * (Double(steps - 1) / betaD)
    }
}
