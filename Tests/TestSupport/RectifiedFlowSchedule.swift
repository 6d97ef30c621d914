// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch

/// The levels of a rectified flow, `x_t = (1 - t) x + t eps`: the highest, `t = 1`, is pure noise, where alpha is 0.
public struct RectifiedFlowSchedule: NoiseSchedule {
    /// The number of levels.
    public let count: Int

    /// Evenly spaced levels, the lowest at `1 / count`.
    public init(count: Int = 1000) { self.count = count }

    /// The noise alone: 1.
    public var initialScale: Double { 1 }

    /// From the lowest level to pure noise.
    public var noiseToSignalRange: ClosedRange<Double> { 1 / Double(count - 1)...Double.infinity }

    /// The levels of some steps.
    public func level(at steps: Tensor) -> NoiseLevel {
        let t = (steps.to(.float32) + 1) / Double(count)
        return NoiseLevel(alpha: 1 - t, sigma: t, time: t)
    }

    /// The level of a ratio of sigma to alpha.
    public func level(noiseToSignal: Double) -> SamplerLevel {
        level(time: noiseToSignal.isFinite ? noiseToSignal / (1 + noiseToSignal) : 1)
    }

    /// Evenly spaced times, since no power of an infinite ratio is.
    public func samplingLevels(count: Int, rho: Double) -> [SamplerLevel] {
        (0..<count).map { level(time: 1 - Double($0) / Double(count)) } + [.clean]
    }

    private func level(time: Double) -> SamplerLevel {
        SamplerLevel(alpha: 1 - time, sigma: time, time: time)
    }
}
