// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Samples with linear multistep formulas on the predicted noise, deterministically: `steps + 1` evaluations of the network.
/// It is the sampler that Stable Diffusion 1 comes with, and that DMD's pairs are made by.
///
///     e = (55 e_t - 59 e_{t+1} + 37 e_{t+2} - 9 e_{t+3}) / 24
///
/// The first steps, which have fewer noises behind them, take the formulas of lower order, and the first of all is taken
/// twice. Source: Liu et al. 2022, algorithm 2 (arXiv 2202.09778) without its Runge-Kutta steps, as diffusers does it with
/// `skip_prk_steps`, whose timesteps and states these are.
///
/// - Parameters:
///   - denoiser: the network.
///   - z: unit normal noise `[N, ...]`.
///   - condition: what each sample is to show, or nothing.
///   - steps: from 1 to the schedule's count; 50 for DMD's pairs.
///   - spacing: at which levels the network is evaluated.
///   - prediction: what the formulas combine; diffusers takes what the network predicts.
///   - endsClean: whether the last step leads to no noise at all instead of the least level: diffusers' `set_alpha_to_one`.
///   - onState: hears every state.
/// - Returns: samples, as `z`, without a graph.
public func pndm(
    _ denoiser: some Denoiser, noise z: Tensor, given condition: Condition? = nil, steps: Int = 50,
    spacing: StepSpacing = .leading(), combining prediction: MultistepPrediction = .noise,
    endsClean: Bool = false, onState: StateObserver = { _, _ in }
) -> Tensor {
    let flow = ProbabilityFlow(denoiser: denoiser, noise: z, condition: condition)
    let path = DiscretePath(denoiser.schedule, steps: steps, spacing: spacing, endsClean: endsClean)
    return withoutGradients {
        let start = flow.start
        var x = start
        var predictions: [Tensor] = []
        onState(path.levels[0], x)
        for (index, (level, end)) in zip(path.levels, path.ends).enumerated() {
            if index == 1 {
                // The first step once more, along the mean of the noises at its two ends.
                let mean = (prediction.value(of: flow.slope(x, level), level) + predictions[0]) / 2
                let before = path.levelBefore(index)
                x = flow.moved(
                    start, from: before, to: level, along: prediction.noise(of: mean, start, before))
                onState(level, x)
            }
            predictions = predictions.suffix(3) + [prediction.value(of: flow.slope(x, level), level)]
            let noise = prediction.noise(of: multistep(predictions), x, level)
            x = flow.moved(x, from: level, to: end, along: noise)
            onState(end, x)
        }
        return x.to(z.dtype)
    }
}

/// What linear multistep formulas combine; a straight step is the same by either.
public enum MultistepPrediction: Sendable {
    /// `e = (x - alpha mu) / sigma`.
    case noise
    /// `v = alpha e - sigma mu`. The noise of a combination is `alpha v + sigma x`, with the state `x` that it leads on from.
    case velocity

    fileprivate func value<Network>(
        of slope: ProbabilityFlow<Network>.Slope, _ level: SamplerLevel
    ) -> Tensor {
        switch self {
        case .noise: slope.noise
        case .velocity: slope.noise * level.alpha - slope.mean * level.sigma
        }
    }

    fileprivate func noise(of value: Tensor, _ x: Tensor, _ level: SamplerLevel) -> Tensor {
        switch self {
        case .noise: value
        case .velocity: value * level.alpha + x * level.sigma
        }
    }
}

/// The Adams-Bashforth formula on up to four predictions, the latest last.
private func multistep(_ predictions: [Tensor]) -> Tensor {
    let weights: [[Double]] = [
        [1], [-1.0 / 2, 3.0 / 2], [5.0 / 12, -16.0 / 12, 23.0 / 12],
        [-9.0 / 24, 37.0 / 24, -59.0 / 24, 55.0 / 24],
    ]
    let terms = zip(predictions, weights[predictions.count - 1]).map { $0 * $1 }
    return terms.dropFirst().reduce(terms[0]) { $0 + $1 }
}
