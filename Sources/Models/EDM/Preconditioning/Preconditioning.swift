// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch

/// The scalings around a raw network `F` that make it a denoiser:
///
///     D(x; sigma) = cSkip x + cOut F(cIn x; cNoise)
///
/// Source: Karras et al. 2022, equation 7 and table 1 (arXiv 2206.00364), which has all four conformances.
public protocol Preconditioning: Sendable {
    /// The share of the noised sample in the result, as `sigma`.
    func cSkip(_ sigma: Tensor) -> Tensor
    /// The scale of the network's output, as `sigma`.
    func cOut(_ sigma: Tensor) -> Tensor
    /// The scale of the network's input, as `sigma`.
    func cIn(_ sigma: Tensor) -> Tensor
    /// What the network is told of `sigma`, as `sigma`.
    func cNoise(_ sigma: Tensor) -> Tensor

    /// The noise levels that the network was trained for.
    var sigmaRange: ClosedRange<Double> { get }
    /// The only noise levels that the network was trained for, in any order; empty if there are all those between.
    var grid: [Double] { get }
    /// Tensors that belong to a checkpoint of it.
    var buffers: [Child] { get }
}

extension Preconditioning {
    /// Empty.
    public var grid: [Double] { [] }
    /// None.
    public var buffers: [Child] { [] }

    /// The weight of a squared error, under which the network's output is judged alike at every level: `1 / cOut^2`.
    public func lossWeight(_ sigma: Tensor) -> Tensor { 1 / cOut(sigma).square() }

    /// DMD's levels, as far as the network knows them.
    ///
    /// Source: DMD, appendix B (arXiv 2311.18828); the limits are those of EDM's sampler.
    public var schedule: KarrasSchedule {
        KarrasSchedule(
            sigmaMin: max(0.002, sigmaRange.lowerBound), sigmaMax: min(80, sigmaRange.upperBound), grid: grid)
    }
}
