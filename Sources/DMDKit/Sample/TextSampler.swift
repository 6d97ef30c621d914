// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Export
public import Foundation
import Models
import Torch
import Weights

/// What images of a text-to-image model show.
public struct TextSettings: Sendable, Equatable {
    /// What an image should show, at least one.
    public var prompts: [String]
    /// What the images should not show.
    public var negativePrompt = ""
    /// How much the prompts count, 1 and above; nil for 7.5, or 1 in one evaluation.
    public var guidance: Double?
    /// The height of an image in pixels; nil for that of the training.
    public var height: Int?
    /// The width of an image in pixels; nil for that of the training.
    public var width: Int?
    /// The folder of a tiny autoencoder, which decodes in the place of the model's own.
    public var tinyDecoder: URL?

    /// Images of some prompts.
    public init(_ prompts: [String]) { self.prompts = prompts }
}

/// Makes latents of prompts; of the model's networks, memory holds no more than it needs at a time.
struct TextSampler {
    /// Makes images of latents.
    let decoder: any ImageAutoencoder
    private let folder: StableDiffusionFolder
    private let settings: TextSettings
    private let steps: Int
    private let guidance: Double
    private let seed: UInt64
    private let device: Device

    /// - Parameter sampling: how several steps are made.
    init(
        folder: URL, variant: String?, _ settings: TextSettings, _ sampling: Sampling, seed: UInt64,
        _ device: Device, _ context: JobContext
    ) throws {
        guard !settings.prompts.isEmpty else {
            throw SettingError("prompts", "are none", "give one at least")
        }
        try requireGuidance(settings.guidance)
        var folder = try StableDiffusionFolder(folder, variant: variant)
        folder.warn = context.warn
        steps = try sampling.steps(of: &folder)
        self.folder = folder
        self.settings = settings
        self.seed = seed
        self.device = device
        guidance = settings.guidance ?? folder.usualGuidance(steps: steps)
        if guidance == 1, !settings.negativePrompt.isEmpty {
            throw SettingError(
                "negativePrompt", "is of no use without guidance, which is 1",
                "leave it out, or give a `guidance` above 1")
        }
        _ = try folder.latentShape(height: settings.height, width: settings.width)
        // Needed last, and small: what is wrong with it is said before the work begins.
        decoder = try folder.loadAutoencoder(from: settings.tinyDecoder, device: device)
    }

    /// The latents of `count` images of each prompt, `batch` at once, and what tells the network that made them from all
    /// others. Image number i of a seed is the same whatever the batch.
    func latents(
        _ count: Int, batch: Int, _ context: JobContext
    ) throws -> (latents: Tensor, weights: String) {
        let (denoiser, condition) = try denoiser(context)
        let total = count * settings.prompts.count
        var counter = context.counter("sample", total: total, unit: "image")
        let parts = try stride(from: 0, to: total, by: batch).map { first in
            let indices = Array(first..<min(first + batch, total))
            let prompts = condition.indexed(by: Tensor(indices.map { $0 / count }, device: device))
            let shape = denoiser.sampleShape
            let noise = sampleNoise(indices, seed: seed, shape: shape).to(device)
            let latents = folder.scheduler.sample(denoiser, noise: noise, given: prompts, steps: steps) {
                step in
                freshNoise(indices, seed: seed, shape: shape, step: step).to(device)
            }
            counter.update(indices[0] + indices.count)
            try context.check()
            return latents
        }
        counter.finish()
        return (.concatenated(parts), fingerprint(of: denoiser.base.unet))
    }

    /// What makes the images that ``latents(_:batch:_:)`` are of, and what tells the network from all others.
    func maker(_ count: Int, _ context: JobContext) throws -> (maker: ImageMaker, weights: String) {
        let (denoiser, condition) = try denoiser(context)
        let maker = ImageMaker(
            denoiser: denoiser, scheduler: folder.scheduler, autoencoder: decoder, steps: steps, seed: seed
        ) { [device] indices in
            condition.indexed(by: Tensor(indices.map { $0 / count }, device: device))
        }
        return (maker, fingerprint(of: denoiser.base.unet))
    }

    /// How images are sampled, in words.
    var words: String {
        "\(folder.scheduler.sampler.rawValue), \(steps) steps, guidance \(guidance), not '\(settings.negativePrompt)'"
    }

    private func denoiser(
        _ context: JobContext
    ) throws -> (denoiser: Guided<StableDiffusionDenoiser>, condition: Condition) {
        let (condition, unconditional) = try conditions(context)
        let shape = try folder.latentShape(height: settings.height, width: settings.width)
        let network = StableDiffusionDenoiser(
            try folder.loadUNet(device: device), scheduler: folder.scheduler, sampleShape: shape)
        return (Guided(network, guidance: guidance, unconditional: unconditional), condition)
    }

    /// What the prompts say, and what guidance leads away from.
    private func conditions(_ context: JobContext) throws -> (prompts: Condition, unconditional: Condition) {
        let encoder = try folder.loadPromptEncoder(device: device)
        func encoded(_ prompts: [String], _ what: String) -> Condition {
            let (condition, droppedCounts) = encoder(prompts)
            for (prompt, dropped) in zip(prompts, droppedCounts) where dropped > 0 {
                context.warn(
                    "The \(what) '\(prompt.prefix(40))...' is too long: its last \(dropped) tokens are ignored."
                )
            }
            return condition
        }
        return (encoded(settings.prompts, "prompt"), encoded([settings.negativePrompt], "negative prompt"))
    }

    /// The SHA-256 of the network's file, as the contract of a one-step generator has it, or the fingerprint of its weights.
    private func fingerprint(of unet: UNet2DConditionModel) -> String {
        let contract = try? OneStepContract(of: folder.url)
        return contract?.weights.first { $0.key.hasPrefix("unet/") }?.value
            ?? Weights.fingerprint(of: unet.state)
    }
}
