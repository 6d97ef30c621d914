// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Foundation
public import Torch

/// A model that makes images of text, from a folder in the layout of diffusers: `model_index.json`, `tokenizer/`,
/// `text_encoder/`, `unet/`, `vae/` and `scheduler/`.
///
/// ```swift
/// let model = try StableDiffusion(folder: URL(filePath: "sd15"))
/// let images = try model.images(of: ["a photo of a corgi in the snow"], seed: 7)  // [1, 3, 512, 512]
/// ```
///
/// Source: Rombach et al. 2022 (arXiv 2112.10752); versions 1 and 2.
public final class StableDiffusion: Sendable {
    /// What the model was loaded from.
    public let folder: StableDiffusionFolder
    /// What makes vectors of prompts.
    public let promptEncoder: PromptEncoder
    /// What predicts the noise in latents, or their velocity.
    public let unet: UNet2DConditionModel
    /// What makes images of latents.
    public let autoencoder: any ImageAutoencoder
    private let device: Device

    /// Loads a model, its weights as float32.
    ///
    /// - Parameters:
    ///   - folder: the model.
    ///   - tinyDecoder: the folder of a tiny autoencoder that decodes in the place of the model's own.
    ///   - device: where the networks go.
    /// - Throws: ``StableDiffusionError``, `ModelFolderError`, `SafetensorsError`, `TokenizerError`.
    public convenience init(folder: URL, tinyDecoder: URL? = nil, device: Device = .cpu) throws {
        try self.init(StableDiffusionFolder(folder), tinyDecoder: tinyDecoder, device: device)
    }

    /// Loads a model whose settings were read, and perhaps given another sampler.
    ///
    /// - Throws: as ``init(folder:tinyDecoder:device:)``.
    public init(_ folder: StableDiffusionFolder, tinyDecoder: URL? = nil, device: Device = .cpu) throws {
        self.folder = folder
        self.device = device
        promptEncoder = try self.folder.loadPromptEncoder(device: device)
        unet = try self.folder.loadUNet(device: device)
        autoencoder = try self.folder.loadAutoencoder(from: tinyDecoder, device: device)
    }

    /// The network as a denoiser that is led towards the condition and away from a text.
    ///
    /// - Parameters:
    ///   - guidance: how much, see `Guided`.
    ///   - negativePrompt: the text; empty for most uses.
    ///   - sampleShape: the shape of the latents, `[C, h, w]`; if not given, that of the training.
    public func denoiser(
        guidance: Double = 1, negativePrompt: String = "", sampleShape: [Int]? = nil
    ) -> Guided<StableDiffusionDenoiser> {
        Guided(
            StableDiffusionDenoiser(unet, scheduler: folder.scheduler, sampleShape: sampleShape),
            guidance: guidance, unconditional: promptEncoder([negativePrompt]).condition)
    }

    /// Images of prompts. Image number i of a seed depends on its prompt alone, not on those beside it.
    ///
    /// - Parameters:
    ///   - prompts: one for each image.
    ///   - negativePrompt: what the images should not show.
    ///   - seed: the random seed of the noise.
    ///   - steps: of the sampler, from 1 to the schedule's count; if not given, 50, or those of a generator.
    ///   - guidance: how much the prompts count, 1 and above; if not given, 7.5, or 1 for one step and for a generator, whose
    ///     training took its share in.
    ///   - height: of the images, a multiple of ``StableDiffusionFolder/sizeUnit``; if not given, that of the training.
    ///   - width: of the images, likewise.
    /// - Returns: `[N, 3, height, width]`, mostly in [-1, 1].
    /// - Throws: ``StableDiffusionError`` for a size or a number of steps that the model does not make.
    public func images(
        of prompts: [String], negativePrompt: String = "", seed: UInt64 = 0, steps: Int? = nil,
        guidance: Double? = nil, height: Int? = nil, width: Int? = nil
    ) throws -> Tensor {
        let shape = try folder.latentShape(height: height, width: width)
        let steps = steps ?? folder.usualSteps
        try folder.scheduler.check(steps: steps)
        let denoiser = denoiser(
            guidance: guidance ?? folder.usualGuidance(steps: steps), negativePrompt: negativePrompt,
            sampleShape: shape)
        let noise = sampleNoise(Array(prompts.indices), seed: seed, shape: shape).to(device)
        return autoencoder.decodeEach(
            folder.scheduler.sample(
                denoiser, noise: noise, given: promptEncoder(prompts).condition, steps: steps
            ) { step in freshNoise(Array(prompts.indices), seed: seed, shape: shape, step: step).to(device) })
    }
}
