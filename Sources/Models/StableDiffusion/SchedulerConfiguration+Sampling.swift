// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch

extension SchedulerConfiguration {
    /// Whether the sampler can take so many steps.
    ///
    /// - Throws: ``StableDiffusionError/impossibleSteps(_:most:)``, ``StableDiffusionError/tooManySteps(_:most:)``,
    ///   ``StableDiffusionError/unsupportedSampler(_:)`` for more than one step of a sampler that this package does not have.
    public func check(steps: Int) throws {
        if steps > 1, let unsupported { throw StableDiffusionError.unsupportedSampler(unsupported) }
        guard !canTake(steps: steps) else { return }
        guard sampler != .generator else {
            throw StableDiffusionError.tooManySteps(steps, most: generatorSteps)
        }
        let most = (1...betas.count).last(where: canTake(steps:)) ?? 0
        throw StableDiffusionError.impossibleSteps(steps, most: most)
    }

    /// Latents of noise by the sampler, the batch shared out among threads; without gradient.
    ///
    /// - Parameters:
    ///   - denoiser: a network with ``schedule``.
    ///   - noise: unit normal, `[N, C, h, w]`.
    ///   - condition: the tokens of prompts.
    ///   - steps: as many as ``check(steps:)`` allows; a single one evaluates the network at the highest level, as a
    ///     generator does.
    ///   - fresh: unit normal noise, as `noise`, for each step of a generator after the first, counted from 1; other samplers add none.
    public func sample(
        _ denoiser: some Denoiser, noise: Tensor, given condition: Condition?, steps: Int,
        fresh: (_ step: Int) -> Tensor = noFreshNoise
    ) -> Tensor {
        withoutGradients {
            guard sampler == .generator, steps > 1 else {
                return inParts(noise, given: condition) { noise, condition in
                    steps == 1
                        ? Generator(denoiser)(noise, given: condition)
                        : path(denoiser, noise: noise, given: condition, steps: steps)
                }
            }
            let generator = Generator(denoiser, levels: generatorLevels(steps: steps))
            let all = Tensor.stacked([noise] + (1..<steps).map(fresh), dim: 1)
            return inParts(all, given: condition) { noise, condition in
                func ofStep(_ step: Int) -> Tensor { noise.selected(dim: 1, index: step) }
                return generator(ofStep(0), given: condition, fresh: ofStep)
            }
        }
    }

    private func path(
        _ denoiser: some Denoiser, noise: Tensor, given condition: Condition?, steps: Int
    ) -> Tensor {
        switch sampler {
        case .pndm:
            pndm(
                denoiser, noise: noise, given: condition, steps: steps, spacing: spacing,
                combining: prediction == .velocity ? .velocity : .noise, endsClean: endsClean)
        case .ddim:
            ddim(
                denoiser, noise: noise, given: condition, steps: steps, spacing: spacing, endsClean: endsClean
            )
        case .dpmSolver: dpmSolver(denoiser, noise: noise, given: condition, steps: steps, spacing: spacing)
        case .euler: discreteEuler(denoiser, noise: noise, given: condition, steps: steps, spacing: spacing)
        case .generator: preconditionFailure("a generator has no path")
        }
    }
}
