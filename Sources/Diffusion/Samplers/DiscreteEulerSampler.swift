// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Samples by Euler's method between the numbered levels of a schedule, down to no noise at all, deterministically: `steps`
/// evaluations of the network. ``euler(_:noise:condition:steps:rho:onState:)`` chooses its levels otherwise.
///
/// With evenly spaced steps the network is evaluated between two levels too. But for leading steps, the first state is noise
/// alone, as strong as the first level has it. Source: Karras et al. 2022, section 3 (arXiv 2206.00364); timesteps and
/// states are those of diffusers' `EulerDiscreteScheduler`.
///
/// - Parameters:
///   - denoiser: the network.
///   - z: unit normal noise `[N, C, H, W]`.
///   - condition: what the denoiser takes as a condition, `[N, ...]`, or none.
///   - steps: from 1 to the schedule's count.
///   - spacing: at which levels the network is evaluated.
///   - onState: hears every state.
/// - Returns: samples, as `z`, without a graph.
public func discreteEuler(
    _ denoiser: some Denoiser, noise z: Tensor, condition: Tensor? = nil, steps: Int = 50,
    spacing: StepSpacing = .linspace, onState: StateObserver = { _, _ in }
) -> Tensor {
    withoutGradients {
        let flow = NumberedFlow(denoiser: denoiser, noise: z, condition: condition)
        let levels = spacing.fractionalLevels(steps, of: flow.points.count)
        let points = levels.map(flow.point) + [.clean]
        let start = flow.start
        var x = spacing.isLeading ? start : z.to(start.dtype) * (points[0].ratio * points[0].alpha)
        onState(points[0].ratio, x / points[0].alpha)
        for (point, end) in zip(points, points.dropFirst()) {
            x = flow.moved(x, from: point, to: end, along: flow.slope(x, point))
            onState(end.ratio, x / end.alpha)
        }
        return x.to(z.dtype)
    }
}
