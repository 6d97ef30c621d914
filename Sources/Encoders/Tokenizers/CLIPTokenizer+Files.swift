// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

extension CLIPTokenizer {
    /// Reads a tokenizer's folder: `tokenizer.json`, or `vocab.json` and `merges.txt`, with the special and added tokens of
    /// `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json`.
    ///
    /// Where the files disagree, the one that transformers 5 goes by is taken. What fills short texts up is the end unless they
    /// name something else.
    ///
    /// - Throws: ``TokenizerError``.
    public init(folder: URL) throws {
        let files = try TokenizerFiles(folder: folder)
        // What the vocabulary lacks comes after it, in the order of the files, whatever numbers they name: so counts transformers.
        var numbers = files.vocabulary
        var next = files.vocabulary.count
        for token in files.added where numbers[token.content] == nil {
            numbers[token.content] = next
            next += 1
        }
        func number(_ token: AddedToken) -> Int { numbers[token.content, default: 0] }
        let pairs: BytePairs
        do {
            pairs = try BytePairs(
                vocabulary: files.vocabulary, merges: files.merges, unknown: number(files.unknown))
        } catch {
            throw TokenizerError.malformed(
                file: files.file, reason: "a merge needs '\(error.name)', which is no token")
        }
        self.init(
            pairs: pairs, added: AddedTokens(files.added.map { ($0, number($0)) }),
            start: number(files.start), end: number(files.end), padding: number(files.padding),
            vocabularySize: (numbers.values.max() ?? 0) + 1)
    }
}
