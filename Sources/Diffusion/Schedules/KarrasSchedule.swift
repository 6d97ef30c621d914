// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The levels of EDM: no scaling, `x_t = x + sigma eps`, and the levels' `rho`-th roots evenly spaced.
///
///     sigma_i = (sigmaMin^(1/rho) + i / (count - 1) (sigmaMax^(1/rho) - sigmaMin^(1/rho)))^rho
///
/// Source: Karras et al. 2022, equation 5 (arXiv 2206.00364), in ascending order; DMD takes 1000 of them (arXiv
/// 2311.18828, appendix B).
public struct KarrasSchedule: NoiseSchedule, Equatable {
    /// The least sigma.
    public let sigmaMin: Double
    /// The largest sigma.
    public let sigmaMax: Double
    /// The larger, the more levels are at little noise.
    public let rho: Double
    /// The number of levels.
    public let count: Int
    /// The only levels that the network was trained for; empty if there are all.
    private let grid: [Double]
    private let sigmas: ConstantTable

    /// The levels of DMD's EDM teachers, or others.
    ///
    /// - Parameters:
    ///   - sigmaMin: the least sigma, above 0.
    ///   - sigmaMax: the largest sigma.
    ///   - rho: the larger, the more levels are at little noise.
    ///   - count: the number of levels, at least 2.
    ///   - grid: where not empty, every level is the nearest of these.
    public init(
        sigmaMin: Double = 0.002, sigmaMax: Double = 80, rho: Double = 7, count: Int = 1000,
        grid: [Double] = []
    ) {
        precondition(
            0 < sigmaMin && sigmaMin < sigmaMax && rho > 0 && count > 1, "levels must ascend from above 0")
        self.sigmaMin = sigmaMin
        self.sigmaMax = sigmaMax
        self.rho = rho
        self.count = count
        self.grid = grid
        sigmas = ConstantTable(
            rhoSpaced(from: sigmaMin, to: sigmaMax, count, rho).map { Float(nearest(to: $0, in: grid)) })
    }

    /// The highest level, ``sigmaMax``: beside so much noise the image does not count.
    public var initialScale: Double { rounded(noiseToSignal: sigmaMax) }

    /// From ``sigmaMin`` to ``sigmaMax``.
    public var noiseToSignalRange: ClosedRange<Double> { sigmaMin...sigmaMax }

    /// The bins with the given numbers, see ``NoiseSchedule/level(at:)``.
    public func level(at steps: Tensor) -> NoiseLevel { NoiseLevel(sigma: lookUp(sigmas, at: steps)) }

    /// The nearest sigma of the grid, where there is one.
    public func rounded(noiseToSignal: Double) -> Double { nearest(to: noiseToSignal, in: grid) }

    /// The level where sigma is `noiseToSignal`.
    public func level(noiseToSignal: Double) -> SamplerLevel {
        SamplerLevel(alpha: 1, sigma: noiseToSignal, time: noiseToSignal)
    }
}

private func nearest(to value: Double, in grid: [Double]) -> Double {
    grid.min { abs($0 - value) < abs($1 - value) } ?? value
}
