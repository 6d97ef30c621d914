// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Encoders
import Files
public import Foundation
public import Torch
import Weights

/// The folder of a text-to-image model in the layout of diffusers: `model_index.json`, `tokenizer/`, `text_encoder/`, `unet/`,
/// `vae/` and `scheduler/`.
///
/// What the settings of the parts say is here; the networks are loaded one by one, so that a program may let one go before it
/// loads the next.
public struct StableDiffusionFolder: Sendable {
    /// Where the folder is.
    public let url: URL
    /// The variant of the weights that is taken of all parts that have it, such as `fp16`; of others those without a variant.
    public let variant: String?
    /// How the model is sampled.
    public var scheduler: SchedulerConfiguration
    /// The sizes of the U-Net.
    public let unet: UNet2DConditionConfiguration
    /// The sizes of the autoencoder.
    public let autoencoder: AutoencoderConfiguration
    /// The sizes of the text encoder.
    public let textEncoder: CLIPTextConfiguration
    /// Hears, in a sentence, what is found odd while a part is loaded, and ignored.
    public var warn: @Sendable (String) -> Void = { _ in }

    /// The subfolders.
    public static let parts = ["scheduler", "text_encoder", "tokenizer", "unet", "vae"]

    /// Reads the settings of a model.
    ///
    /// - Parameters:
    ///   - url: the folder.
    ///   - variant: of the weights; nil takes those without a variant, or the only one that a part has.
    /// - Throws: ``StableDiffusionError`` for another kind of model, for parts that are missing or do not belong together, and for a
    ///   variant that no part has or that a part cannot do without; `ModelFolderError`.
    public init(_ url: URL, variant: String? = nil) throws {
        try Self.checkParts(of: url)
        if let variant { try Self.check(variant, in: url) }
        (self.url, self.variant) = (url, variant)
        scheduler = try SchedulerConfiguration(ofModel: url)
        unet = try ModelFolder.unet(url.appending(path: "unet")).configuration()
        autoencoder = try ModelFolder.autoencoder(url.appending(path: "vae")).configuration()
        textEncoder = try ModelFolder.textEncoder(url.appending(path: "text_encoder")).configuration()
        try checkSizes()
    }

    /// Loads what makes vectors of prompts.
    ///
    /// - Throws: ``StableDiffusionError/partsDiffer(folder:reason:)``, `ModelFolderError`, `SafetensorsError`, `TokenizerError`.
    public func loadPromptEncoder(device: Device = .cpu) throws -> PromptEncoder {
        let tokenizer = try CLIPTokenizer(folder: url.appending(path: "tokenizer"))
        try check(
            tokenizer.vocabularySize <= textEncoder.vocabularySize,
            "the tokenizer has \(tokenizer.vocabularySize) tokens, the text encoder \(textEncoder.vocabularySize)"
        )
        return PromptEncoder(
            tokenizer: tokenizer,
            network: try loadTextEncoder(
                folder: url.appending(path: "text_encoder"), variant: variant, device: device, warn: warn))
    }

    /// Loads the U-Net.
    ///
    /// - Throws: `ModelFolderError`, `SafetensorsError`.
    public func loadUNet(device: Device = .cpu) throws -> UNet2DConditionModel {
        try Models.loadUNet(
            folder: url.appending(path: "unet"), variant: variant, device: device, warn: warn)
    }

    /// Loads the autoencoder.
    ///
    /// - Parameters:
    ///   - folder: that of another autoencoder for the same latents, such as an ``AutoencoderTiny``; if not given, the model's.
    ///   - device: where it goes.
    /// - Throws: ``StableDiffusionError/otherLatents(folder:reason:)``, `ModelFolderError`, `SafetensorsError`.
    public func loadAutoencoder(from folder: URL? = nil, device: Device = .cpu) throws
        -> any ImageAutoencoder
    {
        if let folder {
            let other: AutoencoderConfiguration = try ModelFolder.autoencoder(folder).configuration()
            let (theirs, own) = (other.latents, autoencoder.latents)
            guard theirs == own else {
                throw StableDiffusionError.otherLatents(
                    folder: folder.path, reason: "its latents are \(theirs), the model's \(own)")
            }
        }
        return try Models.loadAutoencoder(
            folder: folder ?? url.appending(path: "vae"), variant: variant, device: device, warn: warn)
    }

    /// Whether the folder is a generator of one step or a few.
    public var isGenerator: Bool { scheduler.sampler == .generator }

    /// The sampler's steps where nothing is said: 50, or those of a generator. Of a latent consistency model, which was trained for more
    /// than 16, they are 4.
    public var usualSteps: Int {
        guard isGenerator else { return 50 }
        return scheduler.generatorSteps > 16 ? 4 : scheduler.generatorSteps
    }

    /// The guidance where nothing is said: that of a generator was taken in by its training, and one step has none.
    ///
    /// - Parameter steps: of the sampler.
    public func usualGuidance(steps: Int) -> Double {
        isGenerator || steps == 1 ? 1 : StableDiffusionDenoiser.usualGuidance
    }

    /// The sides of an image are multiples of this many pixels.
    public var sizeUnit: Int { autoencoder.reduction * unet.downsamplingFactor }

    /// The height of the images that the model was trained on.
    public var trainedHeight: Int { autoencoder.reduction * unet.sampleHeight }

    /// The width of the images that the model was trained on.
    public var trainedWidth: Int { autoencoder.reduction * unet.sampleWidth }

    /// The shape of the latents of an image, `[C, h, w]`.
    ///
    /// - Parameters:
    ///   - height: of the image, a multiple of ``sizeUnit``; if not given, ``trainedHeight``.
    ///   - width: of the image, likewise; if not given, ``trainedWidth``.
    /// - Throws: ``StableDiffusionError/impossibleSize(height:width:unit:)``.
    public func latentShape(height: Int? = nil, width: Int? = nil) throws -> [Int] {
        let (height, width) = (height ?? trainedHeight, width ?? trainedWidth)
        guard height > 0, width > 0, height.isMultiple(of: sizeUnit), width.isMultiple(of: sizeUnit),
            max(height, width) <= 16_384
        else { throw StableDiffusionError.impossibleSize(height: height, width: width, unit: sizeUnit) }
        return [
            autoencoder.latentChannels, height / autoencoder.reduction, width / autoencoder.reduction,
        ]
    }

    /// Whether the folder is of this kind of model, and has all its parts.
    package static func checkParts(of folder: URL) throws {
        struct Index: Decodable {
            let className: String?
            private enum CodingKeys: String, CodingKey { case className = "_class_name" }
        }
        let file = folder.appending(path: "model_index.json")
        let found = try ModelFolder.decode(Index.self, from: file).className ?? "nothing"
        guard found == "StableDiffusionPipeline" else {
            throw StableDiffusionError.wrongKind(file: file.path, found: found)
        }
        for part in parts {
            var isFolder: ObjCBool = false
            let path = folder.appending(path: part).path
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
            else { throw StableDiffusionError.missingPart(folder: folder.path, part: part) }
        }
    }

    /// Whether a part of the model has weights of a variant.
    package static func has(_ variant: String, in folder: URL) -> Bool {
        variants(in: folder).contains { $0.variants.contains(variant) }
    }

    /// The variants of each part that has weights.
    private static func variants(in folder: URL) -> [(part: String, variants: [String])] {
        [
            ("text_encoder", ModelFolder.textEncoder), ("unet", ModelFolder.unet),
            ("vae", ModelFolder.autoencoder),
        ].map { part, files in (part, files(folder.appending(path: part), nil).variants) }
    }

    private static func check(_ variant: String, in folder: URL) throws {
        let found = variants(in: folder)
        guard found.contains(where: { $0.variants.contains(variant) }),
            found.allSatisfy({ $0.variants.contains(variant) || $0.variants.contains("") })
        else {
            throw StableDiffusionError.noVariant(
                folder: folder.path, variant: variant,
                parts: found.map { part, variants in
                    let names = variants.map { $0.isEmpty ? "weights without a variant" : $0 }
                    return "\(part) has \(names.isEmpty ? "no weights" : names.joined(separator: ", "))"
                })
        }
    }

    private func checkSizes() throws {
        try check(
            textEncoder.hiddenSize == unet.crossAttentionDim,
            "the text encoder makes vectors of \(textEncoder.hiddenSize) numbers, the U-Net reads "
                + "\(unet.crossAttentionDim)")
        for (name, channels) in [("reads", unet.inChannels), ("makes", unet.outChannels)] {
            try check(
                channels == autoencoder.latentChannels,
                "the U-Net \(name) latents of \(channels) channels, the autoencoder has "
                    + "\(autoencoder.latentChannels)")
        }
    }

    private func check(_ holds: Bool, _ reason: @autoclosure () -> String) throws {
        guard holds else { throw StableDiffusionError.partsDiffer(folder: url.path, reason: reason()) }
    }
}
