// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Samples by Heun's method on the probability flow equation, deterministically: equal noise gives equal images.
///
/// With the noise-to-signal ratio `s = sigma / alpha` and `y = x_t / alpha`,
///
///     dy/ds = (y - mu(alpha y, s)) / s
///
/// is integrated from the largest ratio to 0 in `steps` steps, all but the last of which are of second order: `2 steps - 1`
/// evaluations of the network. The state is float64 (float32 on MPS, which has no other); the network sees the type of
/// `z`. Source: Karras et al. 2022, algorithm 1 (arXiv 2206.00364).
///
/// - Parameters:
///   - denoiser: the network.
///   - z: unit normal noise `[N, C, H, W]`.
///   - condition: the class of each image as a one-hot row `[N, classCount]`, or none.
///   - steps: at least 1; 18 for the published CIFAR-10 networks.
///   - rho: the larger, the more of the steps are at little noise.
///   - onState: hears every state, the first and the last included: `s`, and `y` in the precise type.
/// - Returns: images, as `z`, without a graph.
public func heun(
    _ denoiser: some Denoiser, noise z: Tensor, condition: Tensor? = nil, steps: Int = 18, rho: Double = 7,
    onState: (_ noiseToSignal: Double, _ state: Tensor) -> Void = { _, _ in }
) -> Tensor {
    withoutGradients {
        let schedule = denoiser.schedule
        let ratios = schedule.samplingSigmas(count: steps, rho: rho)
        let precise = z.to(z.device == .mps ? .float32 : .float64)

        func level(_ ratio: Double) -> NoiseLevel { schedule.level(noiseToSignal: ratio, count: z.shape[0]) }
        func slope(_ y: Tensor, _ ratio: Double) -> Tensor {
            let level = level(ratio)
            let xT = (level.matching(y).alpha * y).to(z.dtype)
            let mu = denoiser(xT, at: level.matching(xT), condition: condition)
            return (y - mu.to(y.dtype)) / ratio
        }

        var y = precise * schedule.initialScale / level(ratios[0]).matching(precise).alpha
        onState(ratios[0], y)
        for (ratio, next) in zip(ratios, ratios.dropFirst()) {
            let first = slope(y, ratio)
            let euler = y + first * (next - ratio)
            y = next == 0 ? euler : y + (first + slope(euler, next)) * ((next - ratio) / 2)
            onState(next, y)
        }
        return y.to(z.dtype)
    }
}
