// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Distillation
import Export
import Foundation
import Images
import Models
import Torch
import Weights

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

    func validate() throws { try requireGuidance(guidance) }
}

/// Makes images of prompts; of the model's networks, memory holds no more than it needs at a time.
struct TextGeneration {
    /// Makes images of latents.
    let decoder: any ImageAutoencoder
    private let folder: StableDiffusionFolder
    private let options: TextOptions
    private let steps: Int
    private let seed: UInt64
    private let device: Device

    init(folder: URL, options: TextOptions, steps: Int, seed: UInt64, device: Device) throws {
        self.folder = try StableDiffusionFolder(folder)
        self.options = options
        self.steps = steps
        self.seed = seed
        self.device = device
        if steps > 1 { try self.folder.scheduler.check(steps: steps) }
        // Needed last, and small: what is wrong with it is said before the work begins.
        decoder = try self.folder.loadAutoencoder(from: options.tinyDecoder?.url, device: device)
    }

    /// The latents of `count` images of each prompt, `batch` at once, and what tells the network that made them from all
    /// others. Image number i of a seed is the same whatever the batch.
    func latents(_ count: Int, batch: Int) throws -> (latents: Tensor, weights: String) {
        let shape = try folder.latentShape(height: options.height, width: options.width)
        let (vectors, unconditional) = try vectors()
        let denoiser = StableDiffusionDenoiser(
            try folder.loadUNet(device: device), unconditional: unconditional,
            guidance: options.guidance ?? (steps == 1 ? 1 : StableDiffusionDenoiser.usualGuidance),
            scheduler: folder.scheduler,
            sampleShape: shape)
        let total = count * options.prompt.count
        let parts = stride(from: 0, to: total, by: batch).map { first in
            let indices = Array(first..<min(first + batch, total))
            let condition = vectors.indexed(by: Tensor(indices.map { $0 / count }, device: device))
            let noise = sampleNoise(indices, seed: seed, shape: shape).to(device)
            return denoiser.latents(of: noise, condition, by: folder.scheduler, steps: steps)
        }
        return (.concatenated(parts), fingerprint(of: denoiser.unet))
    }

    /// The vectors of the prompts, and that of what guidance leads away from.
    private func vectors() throws -> (prompts: Tensor, unconditional: Tensor) {
        let encoder = try folder.loadPromptEncoder(device: device)
        let (vectors, droppedCounts) = encoder(options.prompt)
        for (prompt, dropped) in zip(options.prompt, droppedCounts) where dropped > 0 {
            say(
                "Warning: the prompt '\(prompt.prefix(40))...' is too long: its last \(dropped) tokens are not heeded.\n"
            )
        }
        return (vectors, encoder([options.negativePrompt]).vectors)
    }

    /// The SHA-256 of the network's file, as the contract of a one-step generator has it, or the fingerprint of its weights.
    private func fingerprint(of unet: UNet2DConditionModel) -> String {
        let contract = try? OneStepContract(of: folder.url)
        return contract?.weights.first { $0.key.hasPrefix("unet/") }?.value
            ?? Weights.fingerprint(of: unet.state)
    }
}
