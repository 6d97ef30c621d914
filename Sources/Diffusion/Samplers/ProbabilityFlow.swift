// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Hears the states of a sampler, the first and the last included: the level, and `x_t` in the precise type.
public typealias StateObserver = (_ level: SamplerLevel, _ state: Tensor) -> Void

/// The probability flow of a denoiser: with the predicted noise `e = (x - alpha mu) / sigma`,
///
///     d(x / alpha) / d(sigma / alpha) = e
///
/// The state is float64 (float32 on MPS, which has no other); the network sees the type of the noise. Source: Karras et
/// al. 2022, equations 1 and 4 (arXiv 2206.00364).
struct ProbabilityFlow<Network: Denoiser> {
    /// What a network makes of a state.
    struct Slope {
        /// `mu`.
        let mean: Tensor
        /// `e`.
        let noise: Tensor
    }

    let denoiser: Network
    /// Unit normal noise `[N, ...]`.
    let noise: Tensor
    let condition: Condition?

    init(denoiser: Network, noise: Tensor, condition: Condition?) {
        LibTorch.keepFreedMemory()
        (self.denoiser, self.noise, self.condition) = (denoiser, noise, condition)
    }

    /// The state before the first step: noise as strong as the schedule's highest level has it.
    var start: Tensor { precise * denoiser.schedule.initialScale }

    /// The noise in the type of states.
    var precise: Tensor { noise.to(noise.device == .mps ? .float32 : .float64) }

    /// Evaluates the network.
    func slope(_ x: Tensor, _ level: SamplerLevel) -> Slope {
        let mean = denoiser(x.to(noise.dtype), at: level.level(count: x.shape[0]), given: condition).to(
            x.dtype)
        return Slope(mean: mean, noise: (x - mean * level.alpha) / level.sigma)
    }

    /// A straight step: the state at `end` that has the same clean sample and the same noise.
    func moved(along slope: Slope, to end: SamplerLevel) -> Tensor {
        slope.mean * end.alpha + slope.noise * end.sigma
    }

    /// A step from `x` at `level` to `end` along a noise that is not the prediction there, as in methods of higher order.
    ///
    /// - Parameter level: with some signal in it; from pure noise there are straight steps alone.
    func moved(_ x: Tensor, from level: SamplerLevel, to end: SamplerLevel, along noise: Tensor) -> Tensor {
        (x / level.alpha + noise * (end.noiseToSignal - level.noiseToSignal)) * end.alpha
    }

    /// Goes through some levels, each step made by `advance` from a state at one level to the next.
    func integrate(
        _ levels: [SamplerLevel], from start: Tensor, onState: StateObserver,
        advance: (_ x: Tensor, _ level: SamplerLevel, _ next: SamplerLevel, _ step: Int) -> Tensor
    ) -> Tensor {
        withoutGradients {
            var x = start
            onState(levels[0], x)
            for (step, (level, next)) in zip(levels, levels.dropFirst()).enumerated() {
                x = advance(x, level, next, step)
                onState(next, x)
            }
            return x.to(noise.dtype)
        }
    }
}
