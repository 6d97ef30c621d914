// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import Metrics
import Text
import Torch
import Training

/// The prompts that a set's images were made from, image `i` from prompt `i` modulo their number, and the network that tells
/// how well they fit.
struct PromptScorer {
    /// Without which no one can tell what was measured.
    let origin: PromptOrigin
    private let prompts: [String]
    private let clip: CLIPScore

    init(_ prompts: [String], _ clip: CLIPScore, origin: PromptOrigin) {
        (self.prompts, self.clip, self.origin) = (prompts, clip, origin)
    }

    /// How well images fit their prompts.
    ///
    /// - Parameter first: the number of the first of them.
    func scores(ofLevels levels: Tensor, from first: Int) -> [Double] {
        clip.scores(
            ofLevels: levels, (0..<levels.shape[0]).map { prompts[(first + $0) % prompts.count] },
            prefix: origin.prefix)
    }
}

/// What a CLIP score was measured with.
struct PromptOrigin: Codable, Equatable {
    /// The file of prompts.
    var path: String
    var sha256: String
    /// The column of the prompts, where one was named.
    var column: String?
    /// The number of prompts.
    var count: Int
    /// What stands before each prompt.
    var prefix = CLIPScore.prefix
    /// The side that images are brought to first.
    var size = CLIPScore.protocolSize
    var clip: Model

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
    var clip: Path

    /// - Throws: ``CommandError`` where the prompts cannot be those of the images, and what reading the files throws.
    func open(for subject: Side, device: Device) throws -> PromptScorer {
        guard case .images(let images) = subject.content else {
            throw CommandError(
                "\(subject.origin.path) is no set of images, and --prompts are those that a set was made from: name the "
                    + "folder of its images.")
        }
        let prompts = try readPrompts(file.url, column: column)
        guard images.count.isMultiple(of: prompts.count) else {
            throw CommandError(
                "\(subject.origin.path) has \(images.count) images and \(file) \(prompts.count) prompts, so that images are "
                    + "missing or the prompts are others: give as many images as prompts, or a multiple.")
        }
        let model = try CLIPScore(folder: clip.url, device: device)
        let origin = PromptOrigin(
            path: "\(file)", sha256: try fileSum(file.url), column: column, count: prompts.count,
            clip: .init(path: "\(clip)", sha256: try modelSum(clip.url)))
        return PromptScorer(prompts, model, origin: origin)
    }
}

extension PromptRequest {
    /// Opens again what a card tells of, or other files in its stead.
    init(_ origin: PromptOrigin, file: Path?, clip: Path?) {
        self.file = file ?? Path(argument: origin.path)
        self.clip = clip ?? Path(argument: origin.clip.path)
        column = origin.column
    }
}

private func modelSum(_ folder: URL) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().filter { name in
        let isWeights = name.hasPrefix("model") && name.hasSuffix(".safetensors")
        return isWeights || name.hasSuffix(".json") || name.hasSuffix(".txt")
    }
    return sha256(Data(try names.map { try fileSum(folder.appending(path: $0)) }.joined().utf8))
}
