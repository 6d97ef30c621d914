// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Distillation
import Foundation
import Images
import Torch

/// What images of a text-to-image model are to show.
struct TextOptions: ParsableArguments {
    @Option(
        help:
            "What an image should show; --weights is then a folder of Stable Diffusion. May be given several times."
    )
    var prompt: [String] = []

    @Option(help: "What the images should not show.")
    var negativePrompt = ""

    @Option(help: "How much the prompt counts (default: 7.5, or 1 in one evaluation).")
    var guidance: Double?

    @Option(help: "The height of an image in pixels (default: that of the training).")
    var height: Int?

    @Option(help: "The width of an image in pixels (default: that of the training).")
    var width: Int?

    @Option(help: "The folder of a tiny autoencoder, which decodes in the place of the model's own.")
    var tinyDecoder: Path?
}

/// Makes images of prompts.
struct TextGeneration {
    private let folder: URL
    private let model: StableDiffusion
    private let options: TextOptions
    private let steps: Int
    private let seed: UInt64
    private let device: Device

    init(folder: URL, options: TextOptions, steps: Int, seed: UInt64, device: Device) throws {
        model = try StableDiffusion(folder: folder, device: device)
        self.folder = folder
        self.options = options
        self.steps = steps
        self.seed = seed
        self.device = device
        if let tiny = options.tinyDecoder {
            model.autoencoder = try loadAutoencoder(folder: tiny.url, device: device)
        }
        if steps > 1 { try model.checkSteps(steps) }
    }

    /// What makes images of latents.
    var decoder: any ImageAutoencoder { model.autoencoder }

    /// Tells the network from all others: the SHA-256 of its file, as the contract of a one-step generator has it, or its
    /// fingerprint, which takes seconds.
    var fingerprint: String {
        let contract = try? OneStepContract(of: folder)
        return contract?.weights.first { $0.key.hasPrefix("unet/") }?.value
            ?? Distillation.fingerprint(of: model.unet.state)
    }

    /// The latents of `count` images of each prompt, `batch` at once. Image number i of a seed is the same whatever the batch.
    func latents(_ count: Int, batch: Int) throws -> Tensor {
        let shape = try model.latentShape(
            height: options.height ?? model.trainedSize, width: options.width ?? model.trainedSize)
        let (vectors, droppedCounts) = model.embeddings(of: options.prompt)
        warn(of: droppedCounts)
        let guidance = options.guidance ?? (steps == 1 ? 1 : 7.5)
        let denoiser = model.denoiser(
            guidance: guidance, negativePrompt: options.negativePrompt, sampleShape: shape)
        let total = count * options.prompt.count
        let parts = stride(from: 0, to: total, by: batch).map { first in
            let indices = Array(first..<min(first + batch, total))
            let condition = vectors.indexed(by: Tensor(indices.map { $0 / count }, device: device))
            return model.latents(
                of: model.noise(indices, seed: seed, shape: shape), condition, by: denoiser, steps: steps)
        }
        return .concatenated(parts)
    }

    private func warn(of droppedCounts: [Int]) {
        for (prompt, dropped) in zip(options.prompt, droppedCounts) where dropped > 0 {
            let message =
                "Warning: the prompt '\(prompt.prefix(40))...' is too long: its last \(dropped) tokens are not heeded.\n"
            FileHandle.standardError.write(Data(message.utf8))
        }
    }
}

extension StableDiffusion {
    /// Latents of noise by a network with the model's schedule: in one evaluation, or in several steps of the model's sampler.
    func latents(
        of noise: Tensor, _ condition: Tensor?, by denoiser: StableDiffusionDenoiser, steps: Int
    ) -> Tensor {
        withoutGradients {
            inParts(noise, condition) { noise, condition in
                steps == 1
                    ? denoiser.generate(from: noise, condition: condition)
                    : sample(denoiser, noise: noise, condition: condition, steps: steps)
            }
        }
    }
}
