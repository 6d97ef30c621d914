// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Files
import Foundation
import Torch
import Training

/// All that is needed to make an evaluation again, and what came out.
struct Card: Codable {
    /// The form of cards; rises when old ones can no longer be read.
    var format = Card.currentFormat
    /// The version of this program.
    var program: String
    /// The version of libtorch.
    var libtorch: String
    var device: String
    var subject: Origin
    var reference: Origin
    /// Of the same-noise LPIPS.
    var teacher: Origin?
    var features: FeatureOrigin
    /// LPIPS's weights, where they were used.
    var lpips: LPIPSOrigin?
    /// What the CLIP score was measured with, where it was.
    var prompts: PromptOrigin?
    /// What images are when features are taken of them.
    var range = "levels 0 to 255, rounded"
    /// The seeds of a model's noise.
    var seeds: [UInt64]
    /// Whether only what needs no single features was measured.
    var distanceOnly: Bool
    var scores: [NamedScore]

    struct LPIPSOrigin: Codable, Equatable {
        var path: String
        var sha256: String
    }

    static let currentFormat = 1

    /// - Throws: ``CommandError`` if the file is no card of a form known here.
    init(contentsOf path: Path) throws {
        guard let data = try? Data(contentsOf: path.url) else {
            throw CommandError("There is no card at \(path): name the JSON file that dmd evaluate wrote.")
        }
        let decoder = JSONDecoder.file
        struct Form: Decodable { let format: Int }
        guard let form = try? decoder.decode(Form.self, from: data) else {
            throw CommandError(
                "\(path) is no card of an evaluation: name the JSON file that dmd evaluate wrote.")
        }
        guard form.format == Self.currentFormat else {
            throw CommandError("\(path) is a card of form \(form.format), which this version does not know.")
        }
        do {
            self = try decoder.decode(Card.self, from: data)
        } catch {
            throw CommandError("\(path) is a damaged card: make it again with dmd evaluate.")
        }
    }

    /// Writes the card whole or not at all.
    func write(to url: URL) throws {
        try makeFolder(url.deletingLastPathComponent())
        try writeAtomically(JSONEncoder.file.encode(self) + Data("\n".utf8), to: url)
    }
}

extension Card {
    init(
        device: Device, subject: Origin, reference: Origin, features: FeatureOrigin, seeds: [UInt64],
        distanceOnly: Bool
    ) {
        program = DMD.configuration.version
        libtorch = LibTorch.version
        self.device = "\(device)"
        self.subject = subject
        self.reference = reference
        self.features = features
        self.seeds = seeds
        self.distanceOnly = distanceOnly
        scores = []
    }
}
