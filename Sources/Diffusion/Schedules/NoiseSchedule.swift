// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import Torch

/// The noise levels of a diffusion model, numbered from the least noise to the most.
///
/// A level is known by its number or by its noise-to-signal ratio `sigma / alpha`, in terms of which every Gaussian
/// diffusion is the same, so that one sampler serves all schedules. Source: Karras et al. 2022, section 2 (arXiv
/// 2206.00364). The highest level may be pure noise, where alpha is 0 and the ratio infinite.
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

    /// A level that may lie between two numbers.
    ///
    /// - Parameter noiseToSignal: `sigma / alpha`, in ``noiseToSignalRange``.
    func level(noiseToSignal: Double) -> SamplerLevel

    /// The noise-to-signal ratio nearest to a given one that the network was trained for.
    func rounded(noiseToSignal: Double) -> Double

    /// The levels at which ``heun(_:noise:given:steps:rho:onState:)`` and its kin evaluate the network, from the most noise
    /// down, and ``SamplerLevel/clean`` at the end. Unless told otherwise
    ///
    ///     sigma_i / alpha_i = (max^(1/rho) + i / (N - 1) (min^(1/rho) - max^(1/rho)))^rho
    ///
    /// Source: Karras et al. 2022, equation 5 (arXiv 2206.00364).
    ///
    /// - Parameters:
    ///   - count: `N`, at least 1.
    ///   - rho: the larger, the more of the steps are at little noise.
    func samplingLevels(count: Int, rho: Double) -> [SamplerLevel]
}

extension NoiseSchedule {
    /// The given ratio: the network knows all.
    public func rounded(noiseToSignal: Double) -> Double { noiseToSignal }

    /// Levels whose ratios' `rho`-th roots are evenly spaced.
    public func samplingLevels(count: Int, rho: Double = 7) -> [SamplerLevel] {
        precondition(count > 0, "a sampler cannot take \(count) steps")
        let (least, largest) = (noiseToSignalRange.lowerBound, noiseToSignalRange.upperBound)
        return rhoSpaced(from: largest, to: least, count, rho)
            .map { level(noiseToSignal: rounded(noiseToSignal: $0)) } + [.clean]
    }

    /// All levels by their numbers.
    public var levels: [SamplerLevel] {
        let level = level(at: .arange(count))
        let (alphas, sigmas) = (level.alpha.array(as: Double.self), level.sigma.array(as: Double.self))
        return zip(zip(alphas, sigmas), level.time.array(as: Double.self)).map {
            SamplerLevel(alpha: $0.0, sigma: $0.1, time: $1)
        }
    }
}

/// `count` values whose `rho`-th roots are evenly spaced.
func rhoSpaced(from first: Double, to last: Double, _ count: Int, _ rho: Double) -> [Double] {
    let (first, last) = (pow(first, 1 / rho), pow(last, 1 / rho))
    return (0..<count).map { pow(first + Double($0) / Double(max(count - 1, 1)) * (last - first), rho) }
}

/// The entries of a table whose numbers are in `steps`, as a float32 vector on the device of `steps`.
func lookUp(_ table: ConstantTable, at steps: Tensor) -> Tensor {
    table.on(steps.device).indexed(by: steps.to(.int64))
}
