// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Models
import Torch

extension StableDiffusionDenoiser {
    /// Latents of noise: in one evaluation, or in several steps of the model's sampler.
    func latents(
        of noise: Tensor, _ condition: Tensor?, by scheduler: SchedulerConfiguration, steps: Int
    ) -> Tensor {
        withoutGradients {
            inParts(noise, condition) { noise, condition in
                steps == 1
                    ? generate(from: noise, condition: condition)
                    : scheduler.sample(self, noise: noise, condition: condition, steps: steps)
            }
        }
    }
}

extension Generation {
    /// Images by a network of Stable Diffusion's kind.
    ///
    /// - Parameters:
    ///   - denoiser: the network.
    ///   - scheduler: how it is sampled in several steps.
    ///   - autoencoder: makes images of its latents.
    ///   - steps: 1 makes an image in one evaluation; more are steps of the scheduler.
    ///   - seed: names the noise.
    ///   - condition: the vectors of the prompts of images of the given numbers.
    init(
        denoiser: StableDiffusionDenoiser, scheduler: SchedulerConfiguration,
        autoencoder: any ImageAutoencoder, steps: Int, seed: UInt64, condition: @escaping ([Int]) -> Tensor?
    ) {
        let device = denoiser.unconditional.device
        self.init(
            imageShape: autoencoder.imageShape(ofLatents: denoiser.sampleShape), classCount: 0,
            evaluations: (steps == 1 ? 1 : scheduler.evaluations(steps: steps))
                * (denoiser.guidance == 1 ? 1 : 2)
        ) { indices in
            let noise = sampleNoise(indices, seed: seed, shape: denoiser.sampleShape).to(device)
            return autoencoder.decodeEach(
                denoiser.latents(of: noise, condition(indices)?.to(device), by: scheduler, steps: steps))
        }
    }
}

/// Warns that the ends of prompts are not heeded.
func warnOfLongPrompts(_ count: Int) {
    guard count > 0 else { return }
    say(
        "Warning: \(count.formatted()) prompts are longer than the text encoder takes; their ends are not heeded.\n"
    )
}
