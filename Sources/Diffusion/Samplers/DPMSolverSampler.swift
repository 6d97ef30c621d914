// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import Torch

/// Samples by DPM-Solver++ (2M), deterministically and of second order: `steps` evaluations of the network, 20 of which
/// often do.
///
///     D = mu_t + h / (2 h_before) (mu_t - mu_before),  h = the rise of log(alpha / sigma) in a step
///     x_s / alpha_s = r_s / r_t x_t / alpha_t + (1 - r_s / r_t) D,  r = sigma / alpha
///
/// The first step and the last have `D = mu_t`. Source: Lu et al. 2022, algorithm 2 (arXiv 2211.01095); timesteps and states
/// are those of diffusers' `DPMSolverMultistepScheduler` with its standard settings.
///
/// - Parameters:
///   - denoiser: the network.
///   - z: unit normal noise `[N, C, H, W]`.
///   - condition: what the denoiser takes as a condition, `[N, ...]`, or none.
///   - steps: from 1 to the schedule's count.
///   - spacing: at which levels the network is evaluated.
///   - onState: hears every state.
/// - Returns: samples, as `z`, without a graph.
public func dpmSolver(
    _ denoiser: some Denoiser, noise z: Tensor, condition: Tensor? = nil, steps: Int = 20,
    spacing: StepSpacing = .linspace, onState: StateObserver = { _, _ in }
) -> Tensor {
    withoutGradients {
        let flow = NumberedFlow(denoiser: denoiser, noise: z, condition: condition)
        let levels = spacing.levelsBeforeEnd(steps, of: flow.points.count)
        let points = levels.map { flow.points[$0] } + [.clean]
        var x = flow.start
        var before: Tensor?
        onState(points[0].ratio, x / points[0].alpha)
        for step in 0..<steps {
            let (point, end) = (points[step], points[step + 1])
            let mean = flow.mean(x, point)
            var direction = mean
            if let before, step < steps - 1 {
                let rise = log(point.ratio / end.ratio) / log(points[step - 1].ratio / point.ratio)
                direction = mean + (mean - before) * (rise / 2)
            }
            let kept = end.ratio / point.ratio
            x = (x / point.alpha * kept + direction * (1 - kept)) * end.alpha
            before = mean
            onState(end.ratio, x / end.alpha)
        }
        return x.to(z.dtype)
    }
}
