// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
import Torch

/// The result of an evaluation: the scores, and all that it takes to make them again.
///
/// On disk a card is a JSON file.
public struct Card: Codable, Equatable, Sendable {
    /// The format of the file; rises when old files can no longer be read.
    public private(set) var format = Card.currentFormat
    /// The version of the program that measured.
    public var program: String
    /// The version of libtorch.
    public var libtorch: String
    /// Where it was computed, such as `cpu`.
    public var device: String
    /// What was judged.
    public var subject: Provenance
    /// What it was compared with.
    public var reference: Provenance
    /// The teacher of ``ScoreName/sameNoiseLPIPS``.
    public var teacher: Provenance?
    /// The features.
    public var features: FeatureProvenance
    /// The weights of LPIPS, where they were used.
    public var lpips: LPIPSProvenance?
    /// The prompts, where images were made of some.
    public var prompts: PromptProvenance?
    /// What images are when features are taken of them.
    public private(set) var range = "levels 0 to 255, rounded"
    /// The random seeds of models' noise.
    public var seeds: [UInt64]
    /// Whether only the distance and the drifts of colour were measured.
    public var distanceOnly: Bool
    /// What came out, in the order of ``ScoreName``.
    public var scores: [NamedScore]

    /// The format that this version writes and reads.
    public static let currentFormat = 1

    /// A card without scores.
    ///
    /// - Parameters:
    ///   - program: the version of the program that measures.
    ///   - device: where it computes.
    ///   - subject: what is judged.
    ///   - reference: what it is compared with.
    ///   - features: the features.
    ///   - seeds: the random seeds of models' noise.
    ///   - distanceOnly: whether only the distance and the drifts of colour are measured.
    public init(
        program: String, device: String, subject: Provenance, reference: Provenance,
        features: FeatureProvenance, seeds: [UInt64], distanceOnly: Bool = false
    ) {
        self.program = program
        libtorch = LibTorch.version
        self.device = device
        self.subject = subject
        self.reference = reference
        self.features = features
        self.seeds = seeds
        self.distanceOnly = distanceOnly
        scores = []
    }
}

extension Card {
    /// A score with its spread; nil if it was not measured.
    public func score(_ name: ScoreName) -> NamedScore? { scores.first { $0.name == name } }

    /// A score; nil if it was not measured.
    public func value(of name: ScoreName) -> Double? { score(name)?.value }

    /// The scores in a table, a line each.
    public var table: String {
        scores.map { score in
            let title = score.name.title(isFID: features.isFID)
            return "\(padded(title, to: 18))  \(padded(score.text, to: 20))  \(score.name.hint)"
        }.joined(separator: "\n")
    }
}

extension Card: CustomStringConvertible {
    /// What was compared, and the ``table``.
    public var description: String {
        """
        \(subject)
        against \(reference), features of \(features.kind)
        \(table)
        """
    }
}

extension Card {
    /// Reads a card.
    ///
    /// - Throws: ``CardError``.
    public init(contentsOf url: URL) throws {
        let file = url.relativePath
        guard let data = try? Data(contentsOf: url) else { throw CardError.missing(file: file) }
        struct Form: Decodable { let format: Int }
        let decoder = JSONDecoder.file
        guard let form = try? decoder.decode(Form.self, from: data) else {
            throw CardError.notACard(file: file)
        }
        guard form.format == Self.currentFormat else {
            throw CardError.unknownFormat(file: file, form.format)
        }
        do {
            self = try decoder.decode(Card.self, from: data)
        } catch {
            throw CardError.damaged(file: file)
        }
    }

    /// Writes the card, whole or not at all; its folder is made if need be.
    ///
    /// - Throws: `FileError`.
    public func write(to url: URL) throws {
        try makeFolder(url.deletingLastPathComponent())
        try writeAtomically(JSONEncoder.file.encode(self) + Data("\n".utf8), to: url)
    }
}

private func padded(_ text: String, to length: Int) -> String {
    text + String(repeating: " ", count: max(0, length - text.count))
}
