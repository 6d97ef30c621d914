// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import Torch

/// The levels of a variance-preserving diffusion, `alpha^2 + sigma^2 = 1`, such as Stable Diffusion's.
///
///     alpha_t^2 = prod_{s <= t} (1 - beta_s)
///
/// Source: Ho et al. 2020, equation 4 (arXiv 2006.11239).
public struct VariancePreservingSchedule: NoiseSchedule, Equatable {
    private let alphas: ConstantTable
    private let sigmas: ConstantTable
    private let logNoiseToSignal: [Double]

    /// A schedule from the variance that each step adds.
    ///
    /// - Parameter betas: in (0, 1), at least two.
    public init(betas: [Double]) {
        precondition(
            betas.count > 1 && betas.allSatisfy { 0 < $0 && $0 < 1 }, "betas must lie between 0 and 1")
        var product = 1.0
        let alphaSquares = betas.map { beta in
            product *= 1 - beta
            return product
        }
        alphas = ConstantTable(alphaSquares.map { Float($0.squareRoot()) })
        sigmas = ConstantTable(alphaSquares.map { Float((1 - $0).squareRoot()) })
        logNoiseToSignal = alphaSquares.map { log((1 - $0) / $0) / 2 }
    }

    /// Betas whose square roots are evenly spaced; the defaults are those of Stable Diffusion 1 and 2.
    public static func scaledLinear(
        from first: Double = 0.00085, to last: Double = 0.012, count: Int = 1000
    ) -> VariancePreservingSchedule {
        VariancePreservingSchedule(betas: rhoSpaced(from: first, to: last, count, 2))
    }

    /// Evenly spaced betas; the defaults are those of Ho et al. 2020, section 4 (arXiv 2006.11239).
    public static func linear(
        from first: Double = 0.0001, to last: Double = 0.02, count: Int = 1000
    ) -> VariancePreservingSchedule {
        VariancePreservingSchedule(betas: rhoSpaced(from: first, to: last, count, 1))
    }

    /// The number of betas.
    public var count: Int { alphas.count }

    /// 1: a noised sample has unit variance, as pure noise has.
    public var initialScale: Double { 1 }

    /// From the first step's `sigma / alpha` to the last one's.
    public var noiseToSignalRange: ClosedRange<Double> {
        exp(logNoiseToSignal[0])...exp(logNoiseToSignal[count - 1])
    }

    /// The steps with the given numbers, see ``NoiseSchedule/level(at:)``.
    public func level(at steps: Tensor) -> NoiseLevel {
        NoiseLevel(
            alpha: lookUp(alphas, at: steps), sigma: lookUp(sigmas, at: steps), time: steps.to(.float32))
    }

    /// The level where `sigma / alpha` is `noiseToSignal`; between two steps the time is interpolated linearly in the
    /// logarithm of the ratio.
    public func level(noiseToSignal: Double) -> SamplerLevel {
        let alpha = 1 / (1 + noiseToSignal * noiseToSignal).squareRoot()
        return SamplerLevel(alpha: alpha, sigma: alpha * noiseToSignal, time: time(log(noiseToSignal)))
    }

    private func time(_ ratio: Double) -> Double {
        let next = logNoiseToSignal.firstIndex { ratio < $0 } ?? count - 1
        guard next > 0 else { return 0 }
        let (low, high) = (logNoiseToSignal[next - 1], logNoiseToSignal[next])
        return Double(next - 1) + min((ratio - low) / (high - low), 1)
    }
}
