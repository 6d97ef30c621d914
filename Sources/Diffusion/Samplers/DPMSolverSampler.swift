// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import Torch

/// Samples by DPM-Solver++ (2M), deterministically and of second order: `steps` evaluations of the network, 20 of which
/// often do.
///
///     D = mu_t + h / (2 h_before) (mu_t - mu_before),  h = the rise of log(alpha / sigma) in a step
///     x_s = sigma_s / sigma_t x_t + (alpha_s - alpha_t sigma_s / sigma_t) D
///
/// The first step and the last have `D = mu_t`. Source: Lu et al. 2022, algorithm 2 (arXiv 2211.01095); timesteps and states
/// are those of diffusers' `DPMSolverMultistepScheduler` with its standard settings.
///
/// - Parameters:
///   - denoiser: the network.
///   - z: unit normal noise `[N, ...]`.
///   - condition: what each sample is to show, or nothing.
///   - steps: from 1 to the schedule's count.
///   - spacing: at which levels the network is evaluated.
///   - onState: hears every state.
/// - Returns: samples, as `z`, without a graph.
public func dpmSolver(
    _ denoiser: some Denoiser, noise z: Tensor, given condition: Condition? = nil, steps: Int = 20,
    spacing: StepSpacing = .linspace, onState: StateObserver = { _, _ in }
) -> Tensor {
    withoutGradients {
        let flow = ProbabilityFlow(denoiser: denoiser, noise: z, condition: condition)
        let all = denoiser.schedule.levels
        let levels = spacing.levelsBeforeEnd(steps, of: all.count).map { all[$0] } + [.clean]
        var x = flow.start
        var before: Tensor?
        onState(levels[0], x)
        for step in 0..<steps {
            let (level, end) = (levels[step], levels[step + 1])
            let mean = flow.slope(x, level).mean
            var direction = mean
            if let before, step < steps - 1 {
                let (r, next) = (level.noiseToSignal, end.noiseToSignal)
                let rise = log(r / next) / log(levels[step - 1].noiseToSignal / r)
                direction = mean + (mean - before) * (rise / 2)
            }
            let kept = end.sigma / level.sigma
            x = x * kept + direction * (end.alpha - level.alpha * kept)
            before = mean
            onState(end, x)
        }
        return x.to(z.dtype)
    }
}
