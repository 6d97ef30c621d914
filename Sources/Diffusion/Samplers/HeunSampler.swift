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
///   - z: unit normal noise `[N, C, H, W]`.
///   - condition: the class of each image as a one-hot row `[N, classCount]`, or none.
///   - steps: at least 1; 18 for the published CIFAR-10 networks.
///   - rho: the larger, the more of the steps are at little noise.
///   - onState: hears every state.
/// - Returns: images, as `z`, without a graph.
public func heun(
    _ denoiser: some Denoiser, noise z: Tensor, condition: Tensor? = nil, steps: Int = 18, rho: Double = 7,
    onState: StateObserver = { _, _ in }
) -> Tensor {
    let flow = ProbabilityFlow(denoiser: denoiser, noise: z, condition: condition)
    return flow.integrate(steps: steps, rho: rho, onState: onState) { y, ratio, next, _ in
        heunStep(flow, y, ratio, next)
    }
}

/// A step of second order, or of first order to the ratio 0, where there is no slope.
func heunStep(_ flow: ProbabilityFlow<some Denoiser>, _ y: Tensor, _ ratio: Double, _ next: Double) -> Tensor
{
    let first = flow.slope(y, ratio)
    let euler = y + first * (next - ratio)
    return next == 0 ? euler : y + (first + flow.slope(euler, next)) * ((next - ratio) / 2)
}
