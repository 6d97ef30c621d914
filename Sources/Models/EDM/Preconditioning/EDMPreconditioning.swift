// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// EDM's scalings, which keep the network's input, its target and its loss at unit variance at every level.
///
/// Source: Karras et al. 2022, table 1, column "Ours" (arXiv 2206.00364).
public struct EDMPreconditioning: Preconditioning, Codable, Sendable, Equatable {
    /// The standard deviation that the data is taken to have, above 0.
    public let sigmaData: Double

    /// Scalings for data of this standard deviation; 0.5 in the published models.
    public init(sigmaData: Double = 0.5) {
        precondition(sigmaData > 0, "a standard deviation must be above 0")
        self.sigmaData = sigmaData
    }

    /// All levels.
    public var sigmaRange: ClosedRange<Double> { 0 ... .infinity }

    /// `sigmaData^2 / (sigma^2 + sigmaData^2)`.
    public func cSkip(_ sigma: Tensor) -> Tensor { sigmaData * sigmaData / variance(sigma) }

    /// `sigma sigmaData / sqrt(sigma^2 + sigmaData^2)`.
    public func cOut(_ sigma: Tensor) -> Tensor { sigma * sigmaData / variance(sigma).sqrt() }

    /// `1 / sqrt(sigma^2 + sigmaData^2)`.
    public func cIn(_ sigma: Tensor) -> Tensor { 1 / variance(sigma).sqrt() }

    /// `ln(sigma) / 4`.
    public func cNoise(_ sigma: Tensor) -> Tensor { sigma.log() / 4 }

    /// The variance of a noised sample.
    private func variance(_ sigma: Tensor) -> Tensor { sigma.square() + sigmaData * sigmaData }
}
