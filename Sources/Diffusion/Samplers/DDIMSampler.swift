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
///   - z: unit normal noise `[N, C, H, W]`.
///   - condition: what the denoiser takes as a condition, `[N, ...]`, or none.
///   - steps: from 1 to the schedule's count.
///   - spacing: at which levels the network is evaluated.
///   - endsClean: whether the last step leads to no noise at all instead of the least level: diffusers' `set_alpha_to_one`.
///   - onState: hears every state.
/// - Returns: samples, as `z`, without a graph.
public func ddim(
    _ denoiser: some Denoiser, noise z: Tensor, condition: Tensor? = nil, steps: Int = 50,
    spacing: StepSpacing = .leading(), endsClean: Bool = false, onState: StateObserver = { _, _ in }
) -> Tensor {
    withoutGradients {
        let flow = NumberedFlow(denoiser: denoiser, noise: z, condition: condition)
        let levels = spacing.levels(steps, of: flow.points.count)
        let distance = flow.points.count / steps
        var x = flow.start
        onState(flow.points[levels[0]].ratio, x / flow.points[levels[0]].alpha)
        for level in levels {
            let point = flow.points[level]
            let end = flow.end(ofStepFrom: level, distance: distance, endsClean: endsClean)
            x = flow.moved(x, from: point, to: end, along: flow.slope(x, point))
            onState(end.ratio, x / end.alpha)
        }
        return x.to(z.dtype)
    }
}
