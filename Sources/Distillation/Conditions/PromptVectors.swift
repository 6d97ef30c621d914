// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
import Files
public import Foundation
import OrderedCollections
public import Torch
import Training
import Weights

/// The vectors that a text encoder makes of prompts, kept in a folder: the encoder sees each text once, in however many
/// prompts, runs and processes it comes, and memory holds none of them.
///
/// `prompts.json` tells what the folder is made of; `prompts-00000.safetensors` and so on hold a float16 tensor for each
/// different text, named by its number. Each file is written whole or not at all, and what is missing is made when the
/// folder is opened again. Any number of processes may make a folder together.
public final class PromptVectors: ConditionSource {
    /// The number of prompts.
    public let count: Int

    /// Tells these prompts, in this order and as this encoder sees them, from all others.
    public let fingerprint: String

    /// For each prompt the number of its text.
    private let texts: [Int]
    private let vectors: KeptTensors

    /// Opens a folder, and makes what it lacks.
    ///
    /// - Parameters:
    ///   - folder: where the vectors are kept.
    ///   - prompts: at least one.
    ///   - encoder: the `fingerprint(of:)` of the encoder and these prompts: of tokens, settings and weights.
    ///   - encode: makes vectors `[N, ...]` of texts, each by itself.
    ///   - renewed: called before vectors are made again that an earlier version kept, which did not write down the tokens.
    ///   - progress: hears how many of how many texts are done; what it throws ends the work, and what was done stays.
    /// - Throws: ``PromptVectorsError``, `FileError`, `SafetensorsError`, `TorchError`, and what `encode` and `progress`
    ///   throw.
    public init(
        in folder: URL, of prompts: [String], encoder: String, encode: ([String]) throws -> Tensor,
        renewed: () -> Void = {},
        progress: (_ done: Int, _ total: Int) throws -> Void = { _, _ in }
    ) throws {
        precondition(!prompts.isEmpty, "there are no prompts")
        var numbers = OrderedSet<String>()
        texts = prompts.map { numbers.append($0).index }
        let manifest = PromptManifest(
            textCount: numbers.count, texts: sha256(Data(numbers.joined(separator: "\n").utf8)),
            encoder: encoder)
        if try manifest.begin(in: folder) { renewed() }

        do {
            vectors = try KeptTensors(
                in: folder, named: "prompts", count: numbers.count, make: { try encode(Array(numbers[$0])) },
                progress: progress)
        } catch let damage as KeptTensors.Damage {
            throw PromptVectorsError.damaged(file: damage.file)
        }
        count = prompts.count
        let order = texts.map(String.init).joined(separator: ",")
        fingerprint = Self.fingerprintMark + sha256(Data("\(manifest.texts) \(encoder) \(order)".utf8))
    }

    /// What fingerprints begin with since they are made of tokens too.
    static let fingerprintMark = "tokens-"

    /// The vectors of the prompts of the given numbers, as `context`.
    public func callAsFunction(_ numbers: [Int]) -> Condition {
        .context(vectors(numbers.map { texts[$0] }))
    }
}

/// What a folder of vectors is made of.
private struct PromptManifest: Codable, Equatable {
    /// What the fingerprint of the encoder is made of; missing where that was the weights alone.
    var encoderVersion: Int? = currentVersion
    /// The number of different texts.
    let textCount: Int
    /// The sum of the texts.
    let texts: String
    /// The encoder's fingerprint.
    let encoder: String

    private static let currentVersion = 2

    /// Begins a folder, unless it holds the same already.
    ///
    /// - Returns: whether it was of an earlier version, and is begun anew.
    func begin(in folder: URL) throws -> Bool {
        let url = folder.appending(path: "prompts.json")
        try beginFolder(folder, manifest: self, at: url)
        let isRenewed = try renew(folder, manifest: url)
        let found = try Self.read(url)
        guard found.texts == texts else {
            throw PromptVectorsError.other(folder: folder.relativePath, what: "list of prompts")
        }
        guard found == self else {
            throw PromptVectorsError.other(folder: folder.relativePath, what: "tokenizer or text encoder")
        }
        return isRenewed
    }

    /// Empties a folder of an earlier version and begins it.
    private func renew(_ folder: URL, manifest url: URL) throws -> Bool {
        guard try Self.read(url).encoderVersion == nil else { return false }
        let claim = try FileClaim(waitingFor: url)
        defer { claim.fulfil() }
        guard try Self.read(url).encoderVersion == nil else { return false }
        for name in try names(in: folder) where name.hasPrefix("prompts-") && name.hasSuffix(".safetensors") {
            try remove(folder.appending(path: name))
        }
        try writeAtomically(JSONEncoder.file.encode(self), to: url)
        return true
    }

    private static func read(_ url: URL) throws(PromptVectorsError) -> Self {
        guard let found = try? JSONDecoder.file.decode(Self.self, from: Data(contentsOf: url)) else {
            throw .damaged(file: url.relativePath)
        }
        return found
    }
}

/// What can be wrong with a folder of vectors.
public enum PromptVectorsError: LocalizedError, Equatable, CustomStringConvertible {
    /// A file cannot be read, or holds something else.
    case damaged(file: String)
    /// The folder was made of another list of prompts, or by another encoder.
    case other(folder: String, what: String)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .damaged(let file): "\(file) is damaged: remove it, and it is made again."
        case .other(let folder, let what):
            "\(folder) holds the vectors of another \(what): remove it, or name another folder."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
