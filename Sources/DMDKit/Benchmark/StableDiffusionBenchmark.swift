// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Encoders
import Evaluation
import Models
import Torch

/// Stable Diffusion 1.5 at some width. The teacher is guided, and the regression loss sees through a tiny autoencoder.
struct StableDiffusionBenchmark {
    private let benchmark: Benchmark
    private let denoiser: StableDiffusionDenoiser

    init(_ benchmark: Benchmark, channels: Int) {
        var configuration = UNet2DConditionConfiguration.version1
        configuration.blockOutChannels = [1, 2, 4, 4].map { channels * $0 }
        var stream = RandomStream(seed: 0, purpose: "bench.weights")
        denoiser = StableDiffusionDenoiser(UNet2DConditionModel(configuration, from: &stream))
        self.benchmark = benchmark
    }

    private var device: Device { benchmark.compute.device }

    /// See ``Benchmark/Network/work(_:of:)``.
    func work(_ item: Benchmark.Item) throws -> () throws -> Void {
        if item == .textToImage { return try textToImage() }
        let width = denoiser.unet.configuration.crossAttentionDim
        let guided = Guided(
            denoiser, guidance: item == .step ? 3 : 1,
            unconditional: .context(.zeros([1, 77, width], device: device)))
        var stream = RandomStream(seed: 0, purpose: "bench.prompt")
        let prompts = stream.normal([benchmark.batch, 77, width], device: device)
        let tiny = AutoencoderTiny(.init(), from: &stream)
        tiny.move(to: device)
        return try BenchmarkWork(benchmark, guided, condition: .context(prompts)) { lpips in
            { generated, target in
                lpips(tiny.decode(generated), withoutGradients { tiny.decode(target) })
            }
        }.work(item)
    }

    private func textToImage() throws -> () throws -> Void {
        var stream = RandomStream(seed: 0, purpose: "bench.weights")
        let text = CLIPTextModel(.vitL14, from: &stream)
        let decoder = AutoencoderKL(.stableDiffusion, from: &stream)
        for network in [denoiser, text, decoder] as [any Module] { network.move(to: device) }
        let tokens = Tensor(Array(0..<77), shape: [1, 77], device: device)
        let noise = stream.normal([1] + denoiser.sampleShape, device: device)
        let prompt = withoutGradients { Condition.context(text(tokens)) }
        let image = { [denoiser, device] in
            withoutGradients {
                concurrently(1, threads: device.threads) { _ in
                    decoder.decode(Generator(denoiser)(noise, given: .context(text(tokens))))
                }[0]
            }
        }
        if benchmark.int8 {
            try takeInt8(denoiser) { withoutGradients { Generator(denoiser)(noise, given: prompt) } }
            try takeInt8(decoder, image)
        }
        return { wait(image()) }
    }
}
