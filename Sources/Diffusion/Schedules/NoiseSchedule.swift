// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import Torch

/// The noise levels of a diffusion model, numbered from the least noise to the most.
///
/// A level is known by its number or by its noise-to-signal ratio `sigma / alpha`. In terms of that ratio and of
/// `x_t / alpha` every Gaussian diffusion is the same, so that one sampler serves all schedules. Source: Karras et
/// al. 2022, section 2 (arXiv 2206.00364).
public protocol NoiseSchedule: Sendable {
    /// The number of levels.
    var count: Int { get }

    /// What unit normal noise is multiplied by to stand for a sample at the highest level.
    var initialScale: Double { get }

    /// The least and the largest `sigma / alpha`.
    var noiseToSignalRange: ClosedRange<Double> { get }

    /// The levels with the given numbers, float32 on the device of `steps`.
    ///
    /// - Parameter steps: whole numbers from 0 to `count - 1`, `[N]`.
    func level(at steps: Tensor) -> NoiseLevel

    /// One level for a whole batch, float64 on the CPU.
    ///
    /// - Parameters:
    ///   - noiseToSignal: `sigma / alpha`, in ``noiseToSignalRange``.
    ///   - count: the size of the batch.
    func level(noiseToSignal: Double, count: Int) -> NoiseLevel

    /// The noise-to-signal ratio nearest to a given one that the network was trained for.
    func rounded(noiseToSignal: Double) -> Double
}

extension NoiseSchedule {
    /// The given ratio: the network knows all.
    public func rounded(noiseToSignal: Double) -> Double { noiseToSignal }

    /// The noise-to-signal ratios at which a sampler evaluates the network, from the largest down, and a final 0:
    /// `t_i = (max^(1/rho) + i / (N - 1) (min^(1/rho) - max^(1/rho)))^rho`.
    ///
    /// Source: Karras et al. 2022, equation 5 (arXiv 2206.00364).
    ///
    /// - Parameters:
    ///   - count: `N`, at least 1.
    ///   - rho: the larger, the more of the steps are at little noise.
    public func samplingSigmas(count: Int, rho: Double = 7) -> [Double] {
        precondition(count > 0, "a sampler cannot take \(count) steps")
        return rhoSpaced(from: noiseToSignalRange.upperBound, to: noiseToSignalRange.lowerBound, count, rho)
            .map(rounded(noiseToSignal:)) + [0]
    }
}

/// `count` values whose `rho`-th roots are evenly spaced.
func rhoSpaced(from first: Double, to last: Double, _ count: Int, _ rho: Double) -> [Double] {
    let (first, last) = (pow(first, 1 / rho), pow(last, 1 / rho))
    return (0..<count).map { pow(first + Double($0) / Double(max(count - 1, 1)) * (last - first), rho) }
}

/// The entries of a table whose numbers are in `steps`, as a float32 vector on the device of `steps`.
func lookUp(_ table: [Float], at steps: Tensor) -> Tensor {
    Tensor(table, device: steps.device).indexed(by: steps.to(.int64))
}
