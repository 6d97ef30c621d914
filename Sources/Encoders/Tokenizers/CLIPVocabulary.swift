// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
import OrderedCollections
import Torch
import Weights

/// A vocabulary of one's own for ``CLIPTokenizer``, learnt from texts: the 256 bytes within a word and at its end, what they
/// are joined to, the start and the end.
///
/// The pair of neighbouring tokens that is in most of the distinct words is joined first, again and again; of several such
/// pairs the first in alphabetical order. A pair that would make a token which there is already stays apart, so that every
/// token is made in one way. Source: Sennrich et al. 2016, section 3.2 (arXiv 1508.07909), on bytes.
///
/// ```swift
/// let vocabulary = CLIPVocabulary(learning: captions)
/// try vocabulary.write(to: folder, length: 16)
/// let tokenizer = try CLIPTokenizer(folder: folder)
/// ```
public struct CLIPVocabulary: Sendable {
    /// The tokens' texts, in the order of their numbers: as in `vocab.json`, a sign stands for each byte.
    public let tokens: [String]
    /// The pairs that are joined, in the order in which they were learnt.
    public let merges: [(left: String, right: String)]

    /// Learns from texts.
    ///
    /// - Parameters:
    ///   - texts: any texts; their words count once each, however often they come.
    ///   - mergeCount: how many pairs are joined at most; if not given, as many as the words have, which makes almost all of
    ///     them a token each.
    public init(learning texts: [String], mergeCount: Int = .max) {
        let words = Set(texts.flatMap { clipWords(of: $0) })
        var spellings = words.map { word in
            word.indices.map { String(byteSigns[Int(word[$0])]) + ($0 == word.count - 1 ? Self.wordEnd : "") }
        }
        let signs = byteSigns.map { String($0) }
        var tokens = OrderedSet(signs + signs.map { $0 + Self.wordEnd })
        var merges: [(left: String, right: String)] = []
        while merges.count < mergeCount, let pair = Self.mostFrequentPair(in: spellings, besides: tokens) {
            merges.append(pair)
            tokens.append(pair.left + pair.right)
            spellings = spellings.map { Self.joined($0, pair) }
        }
        self.merges = merges
        self.tokens = Array(tokens) + [CLIPTokenizer.startName, CLIPTokenizer.endName]
    }

    private static let wordEnd = "</w>"

    /// Writes the files that ``CLIPTokenizer/init(folder:)`` and transformers read: `vocab.json`, `merges.txt`,
    /// `tokenizer_config.json` and `special_tokens_map.json`. The folder is made if need be.
    ///
    /// - Parameters:
    ///   - folder: where they go.
    ///   - length: how many tokens a prompt has, with start, end and padding.
    /// - Throws: `ModelFolderError`.
    public func write(to folder: URL, length: Int = 77) throws {
        try makeFolder(folder)
        let numbers = Dictionary(uniqueKeysWithValues: zip(tokens, tokens.indices))
        try ModelFolder.encode(numbers, to: folder.appending(path: "vocab.json"))
        let lines = ["#version: 0.2"] + merges.map { "\($0.left) \($0.right)" }
        try writeAtomically(
            Data((lines.joined(separator: "\n") + "\n").utf8), to: folder.appending(path: "merges.txt"))
        let names = SpecialTokens()
        try ModelFolder.encode(names, to: folder.appending(path: "special_tokens_map.json"))
        try ModelFolder.encode(
            TokenizerSettings(names: names, length: length),
            to: folder.appending(path: "tokenizer_config.json"))
    }

    private static func mostFrequentPair(
        in spellings: [[String]], besides tokens: OrderedSet<String>
    ) -> (left: String, right: String)? {
        var counts: [[String]: Int] = [:]
        for word in spellings {
            for (left, right) in zip(word, word.dropFirst()) where !tokens.contains(left + right) {
                counts[[left, right], default: 0] += 1
            }
        }
        let first = counts.max { a, b in
            a.value != b.value ? a.value < b.value : b.key.lexicographicallyPrecedes(a.key)
        }
        return first.map { ($0.key[0], $0.key[1]) }
    }

    private static func joined(_ word: [String], _ pair: (left: String, right: String)) -> [String] {
        word.reduce(into: []) { tokens, token in
            if token == pair.right, tokens.last == pair.left {
                tokens[tokens.count - 1] += token
            } else {
                tokens.append(token)
            }
        }
    }
}

private struct SpecialTokens: Encodable {
    let bos_token = CLIPTokenizer.startName
    let eos_token = CLIPTokenizer.endName
    let pad_token = CLIPTokenizer.endName
    let unk_token = CLIPTokenizer.endName
}

private struct TokenizerSettings: Encodable {
    let names: SpecialTokens
    let length: Int

    private enum CodingKeys: String, CodingKey {
        case length = "model_max_length"
        case className = "tokenizer_class"
    }

    func encode(to encoder: any Encoder) throws {
        try names.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(length, forKey: .length)
        try container.encode("CLIPTokenizer", forKey: .className)
    }
}
