// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Samples by Heun's method on the probability flow equation, deterministically: equal noise gives equal images.
///
/// All steps but the last are of second order: `2 steps - 1` evaluations of the network. Source: Karras et al. 2022,
/// algorithm 1 (arXiv 2206.00364).
///
/// - Parameters:
///   - denoiser: the network.
///   - z: unit normal noise `[N, ...]`.
///   - condition: what each sample is to show, or nothing.
///   - steps: at least 1; 18 for the published CIFAR-10 networks.
///   - rho: the larger, the more of the steps are at little noise.
///   - onState: hears every state.
/// - Returns: images, as `z`, without a graph.
public func heun(
    _ denoiser: some Denoiser, noise z: Tensor, given condition: Condition? = nil, steps: Int = 18,
    rho: Double = 7,
    onState: StateObserver = { _, _ in }
) -> Tensor {
    let flow = ProbabilityFlow(denoiser: denoiser, noise: z, condition: condition)
    let levels = denoiser.schedule.samplingLevels(count: steps, rho: rho)
    return flow.integrate(levels, from: flow.start, onState: onState) { x, level, next, _ in
        heunStep(flow, x, level, next)
    }
}

/// A step of second order; of first order to the clean sample, where there is no slope, and from pure noise.
func heunStep(
    _ flow: ProbabilityFlow<some Denoiser>, _ x: Tensor, _ level: SamplerLevel, _ next: SamplerLevel
) -> Tensor {
    let first = flow.slope(x, level)
    let euler = flow.moved(along: first, to: next)
    guard next.sigma > 0, level.alpha > 0 else { return euler }
    return flow.moved(x, from: level, to: next, along: (first.noise + flow.slope(euler, next).noise) / 2)
}
