// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Text
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
public final class StableDiffusion {
    /// What makes tokens of prompts.
    public let tokenizer: CLIPTokenizer
    /// What makes vectors of tokens.
    public let textEncoder: CLIPTextModel
    /// What predicts the noise in latents, or their velocity.
    public let unet: UNet2DConditionModel
    /// What makes images of latents; may be replaced, as by an ``AutoencoderTiny``.
    public var autoencoder: any ImageAutoencoder
    /// How the model is sampled.
    public var scheduler: SchedulerConfiguration
    /// What the network computes in.
    public var computeType = ComputeType.float32
    private let device: Device

    /// Loads a model, its weights as float32.
    ///
    /// - Parameters:
    ///   - folder: the model.
    ///   - device: where the networks go.
    /// - Throws: ``StableDiffusionError``, `ModelFolderError`, `SafetensorsError`, `TokenizerError`.
    public init(folder: URL, device: Device = .cpu) throws {
        try Self.checkParts(of: folder)
        self.device = device
        tokenizer = try CLIPTokenizer(folder: folder.appending(path: "tokenizer"))
        scheduler = try SchedulerConfiguration(ofModel: folder)
        textEncoder = try loadTextEncoder(folder: folder.appending(path: "text_encoder"), device: device)
        unet = try loadUNet(folder: folder.appending(path: "unet"), device: device)
        let autoencoder = try loadAutoencoder(folder: folder.appending(path: "vae"), device: device)
        self.autoencoder = autoencoder
        try Self.checkSizes(
            tokenizer: tokenizer, text: textEncoder.configuration, unet: unet.configuration,
            latentChannels: autoencoder.latentChannels, folder: folder)
    }

    /// The sides of an image are multiples of this many pixels.
    public var sizeUnit: Int { autoencoder.reduction * unet.configuration.downsamplingFactor }

    /// The height and width of the images that the model was trained on.
    public var trainedSize: Int { autoencoder.reduction * unet.configuration.sampleSize }

    /// The vectors of prompts.
    ///
    /// - Returns: the vectors `[N, 77, D]`, and how many tokens of each prompt found no room.
    public func embeddings(of prompts: [String]) -> (vectors: Tensor, droppedCounts: [Int]) {
        let length = textEncoder.configuration.positions
        let tokenized = prompts.map { tokenizer.prompt($0, length: length) }
        let tokens = Tensor(tokenized.flatMap(\.tokens), shape: [prompts.count, length], device: device)
        return (withoutGradients { textEncoder(tokens) }, tokenized.map(\.droppedCount))
    }

    /// The network as a denoiser that is led towards the condition and away from a text.
    ///
    /// - Parameters:
    ///   - guidance: how much, see ``StableDiffusionDenoiser``.
    ///   - negativePrompt: the text; empty for most uses.
    ///   - sampleShape: the shape of the latents, `[C, h, w]`; if not given, that of the training.
    public func denoiser(
        guidance: Double = 1, negativePrompt: String = "", sampleShape: [Int]? = nil
    ) -> StableDiffusionDenoiser {
        let denoiser = StableDiffusionDenoiser(
            unet, unconditional: embeddings(of: [negativePrompt]).vectors, guidance: guidance,
            prediction: scheduler.prediction, schedule: scheduler.schedule, sampleShape: sampleShape)
        denoiser.computeType = computeType
        return denoiser
    }

    /// Images of prompts. Image number i of a seed depends on its prompt alone, not on those beside it.
    ///
    /// - Parameters:
    ///   - prompts: one for each image.
    ///   - negativePrompt: what the images should not show.
    ///   - seed: names the noise.
    ///   - steps: of the sampler, from 1 to the schedule's count; if not given, 50, or 1 for a one-step generator.
    ///   - guidance: how much the prompts count, 1 and above; if not given, 7.5, or 1 for a one-step generator, whose
    ///     training took its share in.
    ///   - height: of the images, a multiple of ``sizeUnit``; if not given, that of the training.
    ///   - width: of the images, likewise.
    /// - Returns: `[N, 3, height, width]`, mostly in [-1, 1].
    /// - Throws: ``StableDiffusionError`` for a size or a number of steps that the model does not make.
    public func images(
        of prompts: [String], negativePrompt: String = "", seed: UInt64 = 0, steps: Int? = nil,
        guidance: Double? = nil, height: Int? = nil, width: Int? = nil
    ) throws -> Tensor {
        let shape = try latentShape(height: height ?? trainedSize, width: width ?? trainedSize)
        let isOneStep = scheduler.sampler == .oneStep
        let steps = steps ?? (isOneStep ? 1 : 50)
        try checkSteps(steps)
        let denoiser = denoiser(
            guidance: guidance ?? (isOneStep ? 1 : 7.5), negativePrompt: negativePrompt, sampleShape: shape)
        let noise = noise(Array(prompts.indices), seed: seed, shape: shape)
        let latents = inParts(noise, embeddings(of: prompts).vectors) { noise, condition in
            sample(denoiser, noise: noise, condition: condition, steps: steps)
        }
        return decode(latents)
    }

    /// Unit normal noise for the images of the given numbers, each drawn by itself, `[N, C, h, w]`.
    public func noise(_ indices: [Int], seed: UInt64, shape: [Int]) -> Tensor {
        RandomStream.normals(at: indices, seed: seed, purpose: "sample.z", shape: shape).to(device)
    }

    /// Images of latents, see ``ImageAutoencoder/decodeEach(_:)``.
    public func decode(_ latents: Tensor) -> Tensor { autoencoder.decodeEach(latents) }

    /// Latents of noise by the model's sampler.
    ///
    /// - Parameters:
    ///   - denoiser: a network with the model's schedule.
    ///   - noise: unit normal, `[N, C, h, w]`.
    ///   - condition: the vectors of prompts, `[N, 77, D]`.
    ///   - steps: of the sampler, from 1 to the schedule's count.
    public func sample(
        _ denoiser: some Denoiser, noise: Tensor, condition: Tensor?, steps: Int
    ) -> Tensor {
        let spacing = scheduler.spacing
        switch scheduler.sampler {
        case .pndm:
            return pndm(
                denoiser, noise: noise, condition: condition, steps: steps, spacing: spacing,
                endsClean: scheduler.endsClean)
        case .ddim:
            return ddim(
                denoiser, noise: noise, condition: condition, steps: steps, spacing: spacing,
                endsClean: scheduler.endsClean)
        case .dpmSolver:
            return dpmSolver(denoiser, noise: noise, condition: condition, steps: steps, spacing: spacing)
        case .euler:
            return discreteEuler(
                denoiser, noise: noise, condition: condition, steps: steps, spacing: spacing)
        case .oneStep:
            precondition(steps == 1, "a one-step generator cannot take \(steps) steps")
            return withoutGradients { denoiser.generate(from: noise, condition: condition) }
        }
    }
}
