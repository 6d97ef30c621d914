// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Encoders
import Export
public import Foundation
import Models
import Torch
import Weights

/// What images of a text-to-image model show.
public struct TextSettings: Sendable, Equatable {
    /// What an image should show, at least one.
    public var prompts: [String]
    /// Whether each image shows the next prompt, rather than all images of a prompt coming one after another.
    public var takesTurns = false
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

    /// Images of the prompts in a file, which take turns.
    ///
    /// - Parameters:
    ///   - file: a prompt a line, or a table of `.csv`, `.tsv` or `.jsonl`.
    ///   - column: that of the prompts in a table; nil for caption, text or prompt.
    /// - Throws: `PromptFileError` for a file that holds none.
    public init(promptsIn file: URL, column: String? = nil) throws {
        self.init(try readPrompts(file, column: column))
        takesTurns = true
    }

    /// How many images there are.
    ///
    /// - Parameter count: of each prompt, or where they take turns of all; nil for one of each.
    func imageCount(_ count: Int?) -> (count: Int, isTooLarge: Bool) {
        let (product, overflow) = (count ?? 1).multipliedReportingOverflow(by: prompts.count)
        return takesTurns ? (count ?? prompts.count, false) : (product, overflow)
    }

    /// The number of the prompt that an image shows.
    func prompt(of image: Int, _ count: Int?) -> Int {
        takesTurns ? image % prompts.count : image / (count ?? 1)
    }
}

/// Makes latents of prompts; of the model's networks, memory holds no more than it needs at a time.
struct TextSampler {
    /// Makes images of latents.
    let decoder: any ImageAutoencoder
    private let folder: StableDiffusionFolder
    private let settings: TextSettings
    private let count: Int?
    private let latentShape: [Int]
    private let steps: Int
    private let guidance: Double
    private let seed: UInt64
    private let device: Device

    /// - Parameters:
    ///   - count: images of each prompt, or where they take turns of all; nil for one of each.
    ///   - sampling: how several steps are made.
    init(
        folder: URL, variant: String?, _ settings: TextSettings, count: Int?, _ sampling: Sampling,
        seed: UInt64,
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
        self.count = count
        self.seed = seed
        self.device = device
        guidance = settings.guidance ?? folder.usualGuidance(steps: steps)
        if guidance == 1, !settings.negativePrompt.isEmpty {
            throw SettingError(
                "negativePrompt", "is of no use without guidance, which is 1",
                "leave it out, or give a `guidance` above 1")
        }
        latentShape = try folder.latentShape(height: settings.height, width: settings.width)
        // Needed last, and small: what is wrong with it is said before the work begins.
        decoder = try folder.loadAutoencoder(from: settings.tinyDecoder, device: device)
    }

    /// The latents of all images, `batch` at once, and what tells the network that made them from all
    /// others. Image number i of a seed is the same whatever the batch.
    func latents(batch: Int, _ context: JobContext) throws -> (latents: Tensor, weights: String) {
        let (denoiser, condition) = try denoiser(context)
        let total = settings.imageCount(count).count
        var counter = context.counter("sample", total: total, unit: "image")
        let parts = try stride(from: 0, to: total, by: batch).map { first in
            let indices = Array(first..<min(first + batch, total))
            let prompts = condition(indices)
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

    /// What makes the images that ``latents(batch:_:)`` are of, and what tells the network from all others.
    func maker(_ context: JobContext) throws -> (maker: ImageMaker, weights: String) {
        let (denoiser, condition) = try denoiser(context)
        let maker = ImageMaker(
            denoiser: denoiser, scheduler: folder.scheduler, autoencoder: decoder, steps: steps, seed: seed,
            condition: condition)
        return (maker, fingerprint(of: denoiser.base.unet))
    }

    /// How many images are well made at once on the CPU.
    var batchOnCPU: Int {
        let shape = decoder.imageShape(ofLatents: latentShape)
        return max(LibTorch.threads, ImageMaker.batch(height: shape[1], width: shape[2]))
    }

    /// How images are sampled, in words.
    var words: String {
        "\(folder.scheduler.sampler.rawValue), \(steps) steps, guidance \(guidance), not '\(settings.negativePrompt)'"
    }

    private func denoiser(
        _ context: JobContext
    ) throws -> (denoiser: Guided<StableDiffusionDenoiser>, condition: @Sendable ([Int]) -> Condition) {
        let (condition, unconditional) = try conditions(context)
        let network = StableDiffusionDenoiser(
            try folder.loadUNet(device: device), scheduler: folder.scheduler, sampleShape: latentShape)
        return (Guided(network, guidance: guidance, unconditional: unconditional), condition)
    }

    /// The most prompts that become vectors at once, after which memory is free of the text encoder: 236 kB each for Stable Diffusion 1.
    private static let mostVectors = 256

    /// What the prompts of images say, and what guidance leads away from.
    private func conditions(
        _ context: JobContext
    ) throws -> (prompts: @Sendable ([Int]) -> Condition, unconditional: Condition) {
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
        let unconditional = encoded([settings.negativePrompt], "negative prompt")
        guard settings.prompts.count > Self.mostVectors else {
            let all = encoded(settings.prompts, "prompt")
            return (
                { [settings, count, device] images in
                    all.indexed(by: Tensor(images.map { settings.prompt(of: $0, count) }, device: device))
                }, unconditional
            )
        }
        context.warnOfLongPrompts(encoder.tokens(of: settings.prompts).count { $0.droppedCount > 0 })
        return (
            { [settings, count] images in
                encoder(images.map { settings.prompts[settings.prompt(of: $0, count)] }).condition
            }, unconditional
        )
    }

    /// The SHA-256 of the network's file, as the contract of a one-step generator has it, or the fingerprint of its weights.
    private func fingerprint(of unet: UNet2DConditionModel) -> String {
        let contract = try? OneStepContract(of: folder.url)
        return contract?.weights.first { $0.key.hasPrefix("unet/") }?.value
            ?? Weights.fingerprint(of: unet.state)
    }
}
