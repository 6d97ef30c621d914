// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
public import Foundation
import Images
public import Torch

/// How well images fit the prompts that they were made from: the cosine between CLIP's vectors of both.
///
/// Hessel et al. 2021 (arXiv 2104.08718), whose score is 2.5 times this one and never below 0. Figures of distilled
/// generators are means of the plain cosine, of images at ``protocolSize`` and of prompts behind ``prefix``; those of
/// Yin et al. 2024 (arXiv 2311.18828) with OpenCLIP's ViT-g/14. Figures compare only at the same network, size and prefix.
///
/// ```swift
/// let clip = try CLIPScore(folder: folder)
/// let score = Score(meanOf: clip.scores(images, prompts))
/// ```
public final class CLIPScore: Sendable {
    /// What published figures have before each prompt.
    public static let prefix = "A photo depicts "
    /// The height and width that images have in published figures.
    public static let protocolSize = 256

    /// Images that are resized at once.
    private static let batch = 8

    /// The model's folder.
    public let folder: URL

    private let model: CLIPModel
    private let tokenizer: CLIPTokenizer
    private let preprocessing: CLIPPreprocessing
    private let size: Int?
    private let device: Device

    /// Loads a folder in the layout of transformers: `config.json`, `model.safetensors`, the tokenizer's files and, where it
    /// is there, `preprocessor_config.json`.
    ///
    /// - Parameters:
    ///   - folder: the folder, such as a copy of `openai/clip-vit-base-patch32`.
    ///   - size: the height and width that images are brought to first: their middle square is resized by Lanczos's kernel,
    ///     as Pillow does; nil leaves that out.
    ///   - device: where to compute.
    /// - Throws: `ModelFolderError`, `SafetensorsError`, `TokenizerError`, ``EvaluationError/notCLIP(folder:reason:)``.
    public init(folder: URL, size: Int? = protocolSize, device: Device = .cpu) throws {
        (self.folder, self.size, self.device) = (folder, size, device)
        tokenizer = try CLIPTokenizer(folder: folder)
        model = try CLIPModel(folder: folder, device: device)
        preprocessing = try CLIPPreprocessing(folder: folder, size: model.configuration.vision.imageSize)
        let text = model.configuration.text
        guard tokenizer.vocabularySize <= text.vocabularySize else {
            throw EvaluationError.notCLIP(
                folder: folder.path,
                reason:
                    "its tokenizer has \(tokenizer.vocabularySize) tokens and its network \(text.vocabularySize)"
            )
        }
        guard text.endToken == 2 || text.endToken == tokenizer.end else {
            throw EvaluationError.notCLIP(
                folder: folder.path,
                reason: "its tokenizer ends texts with \(tokenizer.end) and its network with \(text.endToken)"
            )
        }
    }

    /// The cosine of each image and its prompt, from -1 to 1.
    ///
    /// - Parameters:
    ///   - images: see ``imageFeatures(_:)``.
    ///   - prompts: as many; what has no room in the network is left out at the end.
    ///   - prefix: what is put before each prompt.
    public func scores(_ images: Tensor, _ prompts: [String], prefix: String = prefix) -> [Double] {
        scores(ofLevels: levels(of: images), prompts, prefix: prefix)
    }

    /// The same of images as a picture's file holds them, see ``imageFeatures(ofLevels:)``.
    public func scores(ofLevels images: Tensor, _ prompts: [String], prefix: String = prefix) -> [Double] {
        precondition(images.shape[0] == prompts.count, "\(images.shape[0]) images need as many prompts")
        let vectors = [imageFeatures(ofLevels: images), textFeatures(prompts.map { prefix + $0 })]
            .map { $0.to(.cpu).to(.float64) }
        let lengths = vectors.map { $0.square().sum(dims: [1]).sqrt() }
        let products = (vectors[0] * vectors[1]).sum(dims: [1])
        return (products / (lengths[0] * lengths[1])).array(as: Double.self)
    }

    /// CLIP's vector of each image, float32 `[N, D]` on the network's device, of any length, without gradient.
    ///
    /// - Parameter images: `[N, 1 or 3, H, W]` in [-1, 1]; they are rounded to 256 levels, as a picture's file would be.
    public func imageFeatures(_ images: Tensor) -> Tensor { imageFeatures(ofLevels: levels(of: images)) }

    /// The same of images as a picture's file holds them.
    ///
    /// - Parameter images: uint8 `[N, 1 or 3, H, W]`.
    public func imageFeatures(ofLevels images: Tensor) -> Tensor {
        let levels = rgb(images.to(.cpu))
        let parts = levels.chunked((levels.shape[0] + Self.batch - 1) / Self.batch)
        return withoutGradients {
            let inputs = Tensor.concatenated(
                concurrently(parts.count) { preprocessing(firstResized(parts[$0])) })
            return inParts(inputs.to(device)) { model.imageFeatures($0) }
        }
    }

    /// CLIP's vector of each text, float32 `[N, D]` on the network's device, of any length, without gradient.
    ///
    /// - Parameter texts: at least one; what has no room in the network is left out at the end.
    public func textFeatures(_ texts: [String]) -> Tensor {
        let prompts = texts.map { tokenizer.prompt($0, length: model.configuration.text.positions).tokens }
        // A token heeds none behind it, so that what only fills texts up may be left out.
        let longest = prompts.compactMap { $0.firstIndex(of: tokenizer.end) }.max().map { $0 + 1 } ?? 0
        let tokens = Tensor(prompts.flatMap { $0.prefix(longest) }, shape: [prompts.count, longest])
        return withoutGradients {
            inParts(tokens.to(device)) { model.textFeatures($0) }
        }
    }

    private func firstResized(_ levels: Tensor) -> Tensor {
        guard let size else { return levels }
        let side = min(levels.shape[2], levels.shape[3])
        return levels.centerCropped(height: side, width: side)
            .resizedAsPillow(height: size, width: size, .lanczos)
    }
}
