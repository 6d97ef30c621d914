// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch

extension SchedulerConfiguration {
    /// Whether the sampler can take so many steps.
    ///
    /// - Throws: ``StableDiffusionError/impossibleSteps(_:most:)``, ``StableDiffusionError/oneStepOnly(_:)``.
    public func check(steps: Int) throws {
        guard !canTake(steps: steps) else { return }
        guard sampler != .oneStep else { throw StableDiffusionError.oneStepOnly(steps) }
        let most = (1...betas.count).last(where: canTake(steps:)) ?? 0
        throw StableDiffusionError.impossibleSteps(steps, most: most)
    }

    /// Latents of noise by the sampler.
    ///
    /// - Parameters:
    ///   - denoiser: a network with ``schedule``.
    ///   - noise: unit normal, `[N, C, h, w]`.
    ///   - condition: the vectors of prompts, `[N, 77, D]`.
    ///   - steps: as many as ``check(steps:)`` allows.
    public func sample(
        _ denoiser: some Denoiser, noise: Tensor, condition: Tensor?, steps: Int
    ) -> Tensor {
        switch sampler {
        case .pndm:
            return pndm(
                denoiser, noise: noise, condition: condition, steps: steps, spacing: spacing,
                endsClean: endsClean)
        case .ddim:
            return ddim(
                denoiser, noise: noise, condition: condition, steps: steps, spacing: spacing,
                endsClean: endsClean)
        case .dpmSolver:
            return dpmSolver(denoiser, noise: noise, condition: condition, steps: steps, spacing: spacing)
        case .euler:
            return discreteEuler(
                denoiser, noise: noise, condition: condition, steps: steps, spacing: spacing)
        case .oneStep:
            precondition(steps == 1, "a one-step generator cannot take \(steps) steps")
            return withoutGradients { denoiser.generate(from: noise, condition: condition) }
        }
    }
}
