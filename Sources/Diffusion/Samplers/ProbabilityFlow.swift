// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Hears the states of a sampler, the first and the last included: the noise-to-signal ratio `s`, and `y` in the precise
/// type.
public typealias StateObserver = (_ noiseToSignal: Double, _ state: Tensor) -> Void

/// The probability flow equation of a denoiser. With the noise-to-signal ratio `s = sigma / alpha` and `y = x_t / alpha`,
///
///     dy/ds = (y - mu(alpha y, s)) / s
///
/// The state is float64 (float32 on MPS, which has no other); the network sees the type of the noise. Source: Karras et
/// al. 2022, equations 1 and 4 (arXiv 2206.00364).
struct ProbabilityFlow<Network: Denoiser> {
    let denoiser: Network
    /// Unit normal noise `[N, C, H, W]`.
    let noise: Tensor
    let condition: Tensor?

    /// `noise` in the precise type, at the largest ratio.
    func start(at ratio: Double) -> Tensor {
        let precise = noise.to(noise.device == .mps ? .float32 : .float64)
        return precise * denoiser.schedule.initialScale / level(ratio).matching(precise).alpha
    }

    /// `dy/ds`.
    func slope(_ y: Tensor, _ ratio: Double) -> Tensor {
        let level = level(ratio)
        let xT = (level.matching(y).alpha * y).to(noise.dtype)
        let mu = denoiser(xT, at: level.matching(xT), condition: condition)
        return (y - mu.to(y.dtype)) / ratio
    }

    /// Goes from the largest ratio to 0 in `steps` steps, each made by `advance` from a state at one ratio to the next.
    func integrate(
        steps: Int, rho: Double, onState: StateObserver,
        advance: (_ y: Tensor, _ ratio: Double, _ next: Double, _ step: Int) -> Tensor
    ) -> Tensor {
        withoutGradients {
            let ratios = denoiser.schedule.samplingSigmas(count: steps, rho: rho)
            var y = start(at: ratios[0])
            onState(ratios[0], y)
            for step in 0..<steps {
                y = advance(y, ratios[step], ratios[step + 1], step)
                onState(ratios[step + 1], y)
            }
            return y.to(noise.dtype)
        }
    }

    private func level(_ ratio: Double) -> NoiseLevel {
        denoiser.schedule.level(noiseToSignal: ratio, count: noise.shape[0])
    }
}
