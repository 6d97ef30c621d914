// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
import Evaluation
import Files
import Foundation
import Images
import Torch

/// The prompts that images were made from, image `i` from prompt `i` modulo their number.
struct Prompts {
    let texts: [String]
    /// Without which no one can tell what was measured.
    let provenance: PromptProvenance
    /// Tells how well images fit their prompts, where that is asked.
    let clip: CLIPScore?

    /// The prompts of images of the given numbers.
    func of(_ images: some Sequence<Int>) -> [String] { images.map { texts[$0 % texts.count] } }

    /// How well images fit their prompts; nil where that is not asked.
    ///
    /// - Parameter first: the number of the first of them.
    func scores(ofLevels levels: Tensor, from first: Int) -> [Double]? {
        clip?.scores(ofLevels: levels, of(first..<first + levels.shape[0]), prefix: CLIPScore.prefix)
    }
}

/// How prompts and CLIP are to be opened.
struct PromptRequest {
    var file: String
    var column: String?
    var clip: String?

    /// Reads the prompts, and loads CLIP.
    func open(device: Device) throws -> Prompts {
        let texts = try readPrompts(URL(filePath: file), column: column)
        var provenance = PromptProvenance(
            path: file, sha256: try sha256(ofFile: URL(filePath: file)), column: column, count: texts.count)
        guard let clip else { return Prompts(texts: texts, provenance: provenance, clip: nil) }
        let folder = URL(filePath: clip)
        let model = try CLIPScore(folder: folder, device: device)
        provenance.clip = .init(
            path: clip,
            sha256: try sum(ofFilesIn: folder) { name in
                let isWeights = name.hasPrefix("model") && name.hasSuffix(".safetensors")
                return isWeights || name.hasSuffix(".json") || name.hasSuffix(".txt")
            })
        return Prompts(texts: texts, provenance: provenance, clip: model)
    }
}

extension PromptRequest {
    /// What is asked; nil without prompts.
    ///
    /// - Throws: ``SettingError`` for a setting that needs prompts.
    init?(file: String?, column: String?, clip: String? = nil) throws {
        guard let file else {
            try refuse(
                ["promptColumn": column], "needs `prompts`", advice: "name the file that has the column")
            try refuse(
                ["clip": clip], "needs `prompts`",
                advice: "name the file of the prompts that the images were made from")
            return nil
        }
        (self.file, self.column, self.clip) = (file, column, clip)
    }

    /// Opens again what a card tells of, or other files in its stead.
    init(_ provenance: PromptProvenance, file: String?, clip: String?) {
        self.file = file ?? provenance.path
        self.clip = clip ?? provenance.clip?.path
        column = provenance.column
    }
}

extension Prompts {
    /// - Throws: ``SettingError`` or ``KitError`` where the prompts cannot be those of the subject's images, and no other
    ///   images need them.
    func requireFit(_ subject: EvaluationInput, against reference: EvaluationInput) throws {
        if subject.provenance.isOfText { return }
        if clip == nil && reference.provenance.isOfText { return }
        guard case .images(let images) = subject.content else {
            throw SettingError(
                "prompts",
                "does not belong to \(subject.provenance.path), which makes no images of prompts and is no set of images that "
                    + "were made from some",
                "judge a folder of Stable Diffusion or of images, or leave it out")
        }
        guard clip != nil else {
            throw SettingError(
                "prompts", "needs `clip`",
                "name the folder of a CLIP model, such as a copy of openai/clip-vit-base-patch32")
        }
        guard images.count.isMultiple(of: texts.count) else {
            throw KitError(
                "\(subject.provenance.path) has \(images.count) images and \(provenance.path) \(texts.count) prompts, so that "
                    + "images are missing or the prompts are others: give as many images as prompts, or a multiple."
            )
        }
    }
}
