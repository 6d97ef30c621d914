// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Samples by Euler's method between the numbered levels of a schedule, down to no noise at all, deterministically: `steps`
/// evaluations of the network. ``euler(_:noise:given:steps:rho:onState:)`` chooses its levels otherwise.
///
/// With evenly spaced steps the network is evaluated between two levels too. But for leading steps, the first state is noise
/// alone, as strong as the first level has it. Source: Karras et al. 2022, section 3 (arXiv 2206.00364); timesteps and
/// states are those of diffusers' `EulerDiscreteScheduler`.
///
/// - Parameters:
///   - denoiser: the network.
///   - z: unit normal noise `[N, ...]`.
///   - condition: what each sample is to show, or nothing.
///   - steps: from 1 to the schedule's count.
///   - spacing: at which levels the network is evaluated.
///   - onState: hears every state.
/// - Returns: samples, as `z`, without a graph.
public func discreteEuler(
    _ denoiser: some Denoiser, noise z: Tensor, given condition: Condition? = nil, steps: Int = 50,
    spacing: StepSpacing = .linspace, onState: StateObserver = { _, _ in }
) -> Tensor {
    let flow = ProbabilityFlow(denoiser: denoiser, noise: z, condition: condition)
    let all = denoiser.schedule.levels
    let levels = spacing.fractionalLevels(steps, of: all.count).map {
        interpolated(all, at: $0, denoiser.schedule)
    }
    let start = spacing.isLeading ? flow.start : flow.precise * levels[0].sigma
    return flow.integrate(levels + [.clean], from: start, onState: onState) { x, level, next, _ in
        flow.moved(along: flow.slope(x, level), to: next)
    }
}

/// The level with a number; between two levels the ratio and the time are interpolated.
private func interpolated(
    _ levels: [SamplerLevel], at number: Double, _ schedule: any NoiseSchedule
) -> SamplerLevel {
    let low = Int(number)
    let part = number - Double(low)
    guard part > 0 else { return levels[low] }
    func between(_ value: (SamplerLevel) -> Double) -> Double {
        value(levels[low]) + part * (value(levels[low + 1]) - value(levels[low]))
    }
    let level = schedule.level(noiseToSignal: between(\.noiseToSignal))
    return SamplerLevel(alpha: level.alpha, sigma: level.sigma, time: between(\.time))
}
