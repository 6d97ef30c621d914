// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Text
import Torch

extension StableDiffusion {
    /// Whether the folder is of this kind of model, and has all its parts.
    static func checkParts(of folder: URL) throws {
        struct Index: Decodable {
            let className: String?
            private enum CodingKeys: String, CodingKey { case className = "_class_name" }
        }
        let file = folder.appending(path: "model_index.json")
        let found = try ModelFolder.decode(Index.self, from: file).className ?? "nothing"
        guard found == "StableDiffusionPipeline" else {
            throw StableDiffusionError.wrongKind(file: file.path, found: found)
        }
        for part in ["tokenizer", "text_encoder", "unet", "vae", "scheduler"] {
            var isFolder: ObjCBool = false
            let path = folder.appending(path: part).path
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue
            else { throw StableDiffusionError.missingPart(folder: folder.path, part: part) }
        }
    }

    /// Whether the parts belong together.
    static func checkSizes(
        tokenizer: CLIPTokenizer, text: CLIPTextConfiguration, unet: UNet2DConditionConfiguration,
        latentChannels: Int, folder: URL
    ) throws {
        func check(_ holds: Bool, _ reason: String) throws {
            guard holds else { throw StableDiffusionError.partsDiffer(folder: folder.path, reason: reason) }
        }
        try check(
            tokenizer.vocabularySize <= text.vocabularySize,
            "the tokenizer has \(tokenizer.vocabularySize) tokens, the text encoder \(text.vocabularySize)")
        try check(
            text.hiddenSize == unet.crossAttentionDim,
            "the text encoder makes vectors of \(text.hiddenSize) numbers, the U-Net reads \(unet.crossAttentionDim)"
        )
        for (name, channels) in [("reads", unet.inChannels), ("makes", unet.outChannels)] {
            try check(
                channels == latentChannels,
                "the U-Net \(name) latents of \(channels) channels, the autoencoder has \(latentChannels)")
        }
    }

    /// The shape of the latents of an image, `[C, h, w]`.
    ///
    /// - Throws: ``StableDiffusionError/impossibleSize(height:width:unit:)``.
    public func latentShape(height: Int, width: Int) throws -> [Int] {
        guard height > 0, width > 0, height.isMultiple(of: sizeUnit), width.isMultiple(of: sizeUnit),
            max(height, width) <= 16_384
        else { throw StableDiffusionError.impossibleSize(height: height, width: width, unit: sizeUnit) }
        return [
            autoencoder.latentChannels, height / autoencoder.reduction, width / autoencoder.reduction,
        ]
    }

    /// Whether the sampler can take so many steps.
    ///
    /// - Throws: ``StableDiffusionError/impossibleSteps(_:most:)``, ``StableDiffusionError/oneStepOnly(_:)``.
    public func checkSteps(_ steps: Int) throws {
        guard !scheduler.canTake(steps: steps) else { return }
        guard scheduler.sampler != .oneStep else { throw StableDiffusionError.oneStepOnly(steps) }
        let most = (1...scheduler.betas.count).last(where: scheduler.canTake(steps:)) ?? 0
        throw StableDiffusionError.impossibleSteps(steps, most: most)
    }
}

/// Why a folder does not make images of text, or not those that are asked for.
public enum StableDiffusionError: Error, Equatable, CustomStringConvertible {
    /// The folder is of another kind of model.
    case wrongKind(file: String, found: String)
    /// A part of the model is not there.
    case missingPart(folder: String, part: String)
    /// Two parts of the model do not fit each other.
    case partsDiffer(folder: String, reason: String)
    /// The model does not make images of this size.
    case impossibleSize(height: Int, width: Int, unit: Int)
    /// The sampler cannot take so many steps.
    case impossibleSteps(Int, most: Int)
    /// The model was distilled to make images in one step.
    case oneStepOnly(Int)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .wrongKind(let file, let found):
            "\(file) is of \(found), not of StableDiffusionPipeline: use a folder of Stable Diffusion 1 or 2."
        case .missingPart(let folder, let part):
            "\(folder) has no subfolder \(part): copy or download the whole model again."
        case .partsDiffer(let folder, let reason):
            "The parts of \(folder) do not belong together: \(reason); copy or download the whole model again."
        case .impossibleSize(let height, let width, let unit):
            "An image of \(height) x \(width) pixels cannot be made: give a height and a width that are multiples of \(unit), "
                + "up to 16384."
        case .impossibleSteps(let steps, let most):
            "The sampler cannot take \(steps) steps: give from 1 to \(most)."
        case .oneStepOnly(let steps):
            "The model is a one-step generator and cannot take \(steps) steps: give 1, or use the model it was distilled from."
        }
    }
}
