// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Testing
import Torch

@Suite("The critic")
struct CriticTests {
    private let base = Mixture.gaussian([0], width: 0.5)
    private let fake = Mixture.gaussian([0.4], width: 0.3)

    @Test(
        "trained on samples that move away from the teacher's approaches the ideal denoiser of where they end"
    )
    func optimum() {
        let critic = ToyDenoiser(base)
        critic.setRequiresGrad(true)
        let optimizer = AdamW(parameters: critic.parameters, learningRate: 3e-3)
        var stream = RandomStream(seed: 1, purpose: "critic")
        let before = error(of: critic)
        for step in 0..<600 {
            let way = min(1, Double(step) / 200)
            let x = stream.normal([256, 1, 1, 1]) * (0.5 - 0.2 * way) + 0.4 * way
            let level = critic.schedule.level(at: stream.integers(below: 1000, shape: [256]))
            let noised = level.noising(x, noise: stream.normal([256, 1, 1, 1]))
            denoisingLoss(
                prediction: critic(noised, at: level, given: nil), x: x,
                weight: critic.lossWeight(at: level)
            ).mean().backward()
            optimizer.learningRate = 3e-3 * (1 - Double(step) / 600)
            optimizer.step()
            optimizer.zeroGradients()
        }
        #expect(error(of: critic) < 0.1 * before)
    }

    /// The weighted squared difference from the ideal denoiser, over all levels.
    private func error(of critic: ToyDenoiser) -> Double {
        withoutGradients {
            var stream = RandomStream(seed: 2, purpose: "critic")
            let x = stream.normal([1000, 1, 1, 1]) * 0.3 + 0.4
            let level = critic.schedule.level(at: Tensor.arange(1000))
            let noised = level.noising(x, noise: stream.normal(x.shape))
            return denoisingLoss(
                prediction: critic(noised, at: level, given: nil), x: fake.denoised(noised, at: level),
                weight: critic.lossWeight(at: level)
            ).mean().item()
        }
    }
}
