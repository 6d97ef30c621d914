// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Samples by straight steps along the predicted noise, deterministically: `steps` evaluations of the network.
///
///     x_s = alpha_s mu(x_t, t) + sigma_s e(x_t, t)
///
/// Source: Song et al. 2021, equation 12 with no fresh noise (arXiv 2010.02502); timesteps and states are those of diffusers
/// with `clip_sample` false.
///
/// - Parameters:
///   - denoiser: the network.
///   - z: unit normal noise `[N, ...]`.
///   - condition: what each sample is to show, or nothing.
///   - steps: from 1 to the schedule's count.
///   - spacing: at which levels the network is evaluated.
///   - endsClean: whether the last step leads to no noise at all instead of the least level: diffusers' `set_alpha_to_one`.
///   - onState: hears every state.
/// - Returns: samples, as `z`, without a graph.
public func ddim(
    _ denoiser: some Denoiser, noise z: Tensor, given condition: Condition? = nil, steps: Int = 50,
    spacing: StepSpacing = .leading(), endsClean: Bool = false, onState: StateObserver = { _, _ in }
) -> Tensor {
    let flow = ProbabilityFlow(denoiser: denoiser, noise: z, condition: condition)
    let path = DiscretePath(denoiser.schedule, steps: steps, spacing: spacing, endsClean: endsClean)
    return withoutGradients {
        var x = flow.start
        onState(path.levels[0], x)
        for (level, end) in zip(path.levels, path.ends) {
            x = flow.moved(along: flow.slope(x, level), to: end)
            onState(end, x)
        }
        return x.to(z.dtype)
    }
}
