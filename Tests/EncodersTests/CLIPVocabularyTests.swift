// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
import Foundation
import TestSupport
import Testing
import Torch

@Suite("Vocabularies that are learnt")
struct CLIPVocabularyTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    /// The distinct words are `h u g`, `p u g` and `h u g s`: `h u` is in two of them, as is `u g` at the end.
    @Test("the most frequent pair is joined first, and of several the first in the alphabet")
    func merges() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let vocabulary = CLIPVocabulary(learning: ["Hug pug  hugs", "hugs"])
        let expected = [
            ("h", "u"), ("g", "s</w>"), ("hu", "g</w>"), ("hu", "gs</w>"), ("p", "u"), ("pu", "g</w>"),
        ]
        #expect(vocabulary.merges.map { [$0.left, $0.right] } == expected.map { [$0, $1] })
        #expect(vocabulary.tokens.count == 256 + 256 + 6 + 2)
        #expect(Set(vocabulary.tokens).count == vocabulary.tokens.count)

        try vocabulary.write(to: folder, length: 6)
        let tokenizer = try CLIPTokenizer(folder: folder)
        #expect(tokenizer.vocabularySize == 520 && tokenizer.start == 518 && tokenizer.end == 519)
        #expect(tokenizer.prompt("PUG hugs", length: 6).tokens == [518, 517, 515, 519, 519, 519])
        // Of `p u g s` the pair that was learnt first is `g s`, then `p u`.
        #expect(tokenizer.tokens(of: "pugs") == [516, 513])
        let text = try String(contentsOf: folder.appending(path: "merges.txt"), encoding: .utf8)
        #expect(text.hasPrefix("#version: 0.2\nh u\ng s</w>\n"))
    }

    @Test("texts have the tokens that transformers gives them with the same files")
    func parity() throws {
        struct Case: Decodable {
            let text: String
            let tokens: [Int]
        }
        struct Made: Decodable {
            let length: Int
            let learnt: [String]
            let cases: [Case]
        }
        defer { try? FileManager.default.removeItem(at: folder) }
        let made = try JSONDecoder().decode(
            Made.self, from: Data(contentsOf: fixture("learnt-tokens.json")))
        try CLIPVocabulary(learning: made.learnt).write(to: folder, length: made.length)
        let tokenizer = try CLIPTokenizer(folder: folder)
        #expect(made.cases.count > 40)
        for example in made.cases {
            let found = tokenizer.prompt(example.text, length: made.length).tokens
            #expect(found == example.tokens, "\(example.text)")
        }
    }

    @Test("fewer pairs may be asked for", arguments: [0, 2])
    func fewer(count: Int) {
        let vocabulary = CLIPVocabulary(learning: ["hug pug hugs"], mergeCount: count)
        #expect(vocabulary.merges.count == count && vocabulary.tokens.count == 512 + count + 2)
    }

    @Test("any text has tokens of its bytes")
    func unseen() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try CLIPVocabulary(learning: ["hug"]).write(to: folder)
        let tokenizer = try CLIPTokenizer(folder: folder)
        for (text, byteCount) in [("é", 2), ("🐶", 4), ("a!", 2), ("\u{1}", 1)] {
            let tokens = tokenizer.tokens(of: text)
            #expect(tokens.count == byteCount && !tokens.contains(tokenizer.end), "\(text)")
        }
    }

    @Test("texts are cut as they were when they were learnt from", arguments: 0..<10)
    func consistent(seed: UInt64) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        var stream = RandomStream(seed: seed, purpose: "words")
        let letters = Array("abc")
        let texts = (0..<30).map { _ in
            String(stream.integers(below: 3, shape: [7]).array(as: Int.self).map { letters[$0] })
        }
        let vocabulary = CLIPVocabulary(learning: texts)
        #expect(Set(vocabulary.tokens).count == vocabulary.tokens.count)
        try vocabulary.write(to: folder)
        let tokenizer = try CLIPTokenizer(folder: folder)
        for text in texts {
            let tokens = tokenizer.tokens(of: text).map { vocabulary.tokens[$0] }
            #expect(tokens.joined() == text + "</w>")
            // Nothing is left to join but to tokens that there are, which other pairs make.
            for (left, right) in zip(tokens, tokens.dropFirst()) {
                #expect(vocabulary.tokens.contains(left + right), "\(text): \(tokens)")
            }
        }
    }
}
