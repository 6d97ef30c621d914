// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Samples by Euler's method on the probability flow equation, deterministically: `steps` evaluations of the network, each
/// step of first order.
///
/// Source: Karras et al. 2022, section 3 (arXiv 2206.00364); with a variance-preserving schedule it is DDIM (Song et al.
/// 2021, arXiv 2010.02502) on EDM's choice of levels.
///
/// - Parameters:
///   - denoiser: the network.
///   - z: unit normal noise `[N, ...]`.
///   - condition: what each sample is to show, or nothing.
///   - steps: at least 1.
///   - rho: the larger, the more of the steps are at little noise.
///   - onState: hears every state.
/// - Returns: images, as `z`, without a graph.
public func euler(
    _ denoiser: some Denoiser, noise z: Tensor, given condition: Condition? = nil, steps: Int,
    rho: Double = 7,
    onState: StateObserver = { _, _ in }
) -> Tensor {
    let flow = ProbabilityFlow(denoiser: denoiser, noise: z, condition: condition)
    let levels = denoiser.schedule.samplingLevels(count: steps, rho: rho)
    return flow.integrate(levels, from: flow.start, onState: onState) { x, level, next, _ in
        flow.moved(along: flow.slope(x, level), to: next)
    }
}
