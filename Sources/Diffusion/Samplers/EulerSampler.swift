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
///   - z: unit normal noise `[N, C, H, W]`.
///   - condition: the class of each image as a one-hot row `[N, classCount]`, or none.
///   - steps: at least 1.
///   - rho: the larger, the more of the steps are at little noise.
///   - onState: hears every state.
/// - Returns: images, as `z`, without a graph.
public func euler(
    _ denoiser: some Denoiser, noise z: Tensor, condition: Tensor? = nil, steps: Int, rho: Double = 7,
    onState: StateObserver = { _, _ in }
) -> Tensor {
    let flow = ProbabilityFlow(denoiser: denoiser, noise: z, condition: condition)
    return flow.integrate(steps: steps, rho: rho, onState: onState) { y, ratio, next, _ in
        y + flow.slope(y, ratio) * (next - ratio)
    }
}
