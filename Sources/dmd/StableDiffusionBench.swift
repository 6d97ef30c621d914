// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Encoders
import Evaluation
import Models
import Torch

/// Stable Diffusion 1.5 at some width. The teacher is guided, and the regression loss sees through a tiny autoencoder.
struct StableDiffusionBench {
    private let denoiser: StableDiffusionDenoiser
    private let device: Device

    init(channels: Int, device: Device) {
        var configuration = UNet2DConditionConfiguration.version1
        configuration.blockOutChannels = [1, 2, 4, 4].map { channels * $0 }
        var stream = RandomStream(seed: 0, purpose: "bench.weights")
        denoiser = StableDiffusionDenoiser(
            UNet2DConditionModel(configuration, from: &stream),
            unconditional: .zeros([1, 77, configuration.crossAttentionDim], device: device))
        self.device = device
    }

    func work(_ item: BenchItem, _ bench: Bench) throws -> () -> Void {
        if item == .textToImage { return textToImage() }
        if item == .step { denoiser.guidance = 3 }
        var stream = RandomStream(seed: 0, purpose: "bench.prompt")
        let condition = stream.normal(
            [bench.batch, 77, denoiser.unet.configuration.crossAttentionDim], device: device)
        let tiny = AutoencoderTiny(.init(), from: &stream)
        tiny.move(to: device)
        return try BenchWork(
            bench, device, network: denoiser,
            makeNetwork: denoiser.untrained, condition: condition,
            distance: { lpips in
                { generated, target in
                    lpips(tiny.decode(generated), withoutGradients { tiny.decode(target) })
                }
            }
        ).make(item)
    }

    /// An image of 512 x 512 pixels from the tokens of a prompt in one step.
    private func textToImage() -> () -> Void {
        var stream = RandomStream(seed: 0, purpose: "bench.weights")
        let text = CLIPTextModel(.vitL14, from: &stream)
        let decoder = AutoencoderKL(.stableDiffusion, from: &stream)
        for network in [denoiser, text, decoder] as [any Module] { network.move(to: device) }
        let tokens = Tensor(Array(0..<77), shape: [1, 77], device: device)
        let noise = stream.normal([1] + denoiser.sampleShape, device: device)
        return {
            withoutGradients {
                let image = concurrently(1, threads: device.threads) { _ in
                    decoder.decode(denoiser.generate(from: noise, condition: text(tokens)))
                }
                wait(image[0])
            }
        }
    }
}
