// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
import Evaluation
import Files
import Foundation
import Images
import Torch
import Training

/// The prompts that images were made from, image `i` from prompt `i` modulo their number.
struct Prompts {
    let texts: [String]
    /// Without which no one can tell what was measured.
    let origin: PromptOrigin
    /// Tells how well images fit their prompts, where that is asked.
    let clip: CLIPScore?

    /// The prompts of images of the given numbers.
    func of(_ images: some Sequence<Int>) -> [String] { images.map { texts[$0 % texts.count] } }

    /// How well images fit their prompts; nil where that is not asked.
    ///
    /// - Parameter first: the number of the first of them.
    func scores(ofLevels levels: Tensor, from first: Int) -> [Double]? {
        clip?.scores(
            ofLevels: levels, of(first..<first + levels.shape[0]), prefix: CLIPScore.prefix)
    }
}

/// The prompts of an evaluation, and what a CLIP score was measured with.
struct PromptOrigin: Codable, Equatable {
    /// The file of prompts.
    var path: String
    var sha256: String
    /// The column of the prompts, where one was named.
    var column: String?
    /// The number of prompts.
    var count: Int
    /// What stands before each prompt when its fit is measured.
    var prefix = CLIPScore.prefix
    /// The side that images are then brought to first.
    var size = CLIPScore.protocolSize
    /// Where the fit is measured.
    var clip: Model?

    struct Model: Codable, Equatable {
        /// The folder.
        var path: String
        /// Of the list of the sums of its files that are read, in the order of their names.
        var sha256: String
    }
}

/// How prompts and CLIP are to be opened.
struct PromptRequest {
    var file: Path
    var column: String?
    var clip: Path?

    func open(device: Device) throws -> Prompts {
        let texts = try readPrompts(file.url, column: column)
        var origin = PromptOrigin(
            path: "\(file)", sha256: try sha256(ofFile: file.url), column: column, count: texts.count)
        guard let clip else { return Prompts(texts: texts, origin: origin, clip: nil) }
        let model = try CLIPScore(folder: clip.url, device: device)
        origin.clip = .init(
            path: "\(clip)",
            sha256: try sum(ofFilesIn: clip.url) { name in
                let isWeights = name.hasPrefix("model") && name.hasSuffix(".safetensors")
                return isWeights || name.hasSuffix(".json") || name.hasSuffix(".txt")
            })
        return Prompts(texts: texts, origin: origin, clip: model)
    }
}

extension Prompts {
    /// - Throws: ``CommandError`` where the prompts cannot be those of the subject's images.
    func requireFit(_ subject: Side, against reference: Side) throws {
        switch subject.content {
        case .model where subject.origin.isOfText: return
        case .images where clip == nil && reference.origin.isOfText: return
        case .model, .statistics:
            throw CommandError(
                "\(subject.origin.path) makes no images of prompts and is no set of images that were made from --prompts: "
                    + "name a folder of Stable Diffusion, or one of images.")
        case .images(let images):
            guard clip != nil else {
                throw CommandError(
                    "--prompts needs --clip: name the folder of a CLIP model, such as a copy of openai/clip-vit-base-patch32."
                )
            }
            guard images.count.isMultiple(of: texts.count) else {
                throw CommandError(
                    "\(subject.origin.path) has \(images.count) images and \(origin.path) \(texts.count) prompts, so that "
                        + "images are missing or the prompts are others: give as many images as prompts, or a multiple."
                )
            }
        }
    }
}

extension PromptRequest {
    /// Opens again what a card tells of, or other files in its stead.
    init(_ origin: PromptOrigin, file: Path?, clip: Path?) {
        self.file = file ?? Path(argument: origin.path)
        self.clip = clip ?? origin.clip.map { Path(argument: $0.path) }
        column = origin.column
    }
}
