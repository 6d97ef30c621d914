// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
import Foundation
import TestSupport
import Testing

@Suite("CLIP's tokenizer")
struct CLIPTokenizerTests {
    private struct Case: Decodable {
        let text: String
        let tokens: [Int]
    }

    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    @Test("texts of all kinds have the tokens that transformers gives them")
    func parity() throws {
        let tokenizer = try CLIPTokenizer(folder: fixture("tokenizer"))
        let cases = try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: fixture("tokenizer/texts.json")))
        #expect(cases.count > 100)
        for example in cases {
            #expect(tokenizer.tokens(of: example.text) == example.tokens, "\(example.text.debugDescription)")
        }
    }

    /// Tokenizers whose files agree or not, and what transformers makes of texts by them; see `make-added-tokens`.
    private struct AddedCases: Decodable {
        struct Case: Decodable {
            let names: [String]
            let result: Int
        }

        let texts: [String]
        let cases: [Case]
        let results: [[[Int]]]
    }

    @Test("added tokens and the order in which files count are those of transformers")
    func addedTokens() throws {
        let data = try Data(contentsOf: fixture("tokenizer/added.json"))
        let expected = try JSONDecoder().decode(AddedCases.self, from: data)
        let content = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        let kinds = try #require(content["files"] as? [[String: Any]])
        let model: [String: Any] = [
            "vocab": try JSONSerialization.jsonObject(
                with: Data(contentsOf: fixture("tokenizer/vocab.json"))),
            "merges": try String(contentsOf: fixture("tokenizer/merges.txt"), encoding: .utf8)
                .split(separator: "\n").dropFirst().map { String($0) },
        ]
        #expect(expected.cases.count == 480)
        defer { try? FileManager.default.removeItem(at: folder) }
        for example in expected.cases {
            try? FileManager.default.removeItem(at: folder)
            for (index, name) in ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"]
                .enumerated()
            {
                guard let file = kinds[index][example.names[index]] as? [String: Any] else { continue }
                try write(file, as: name)
            }
            if let added = kinds[3][example.names[3]] as? [Any] {
                try write(["model": model, "added_tokens": added], as: "tokenizer.json")
            } else {
                for name in ["vocab.json", "merges.txt"] {
                    try write(String(contentsOf: fixture("tokenizer/\(name)"), encoding: .utf8), as: name)
                }
            }
            let tokenizer = try CLIPTokenizer(folder: folder)
            for (text, tokens) in zip(expected.texts, expected.results[example.result]) {
                // What finds no room is not cut here, as there.
                let made = tokenizer.tokens(of: text)
                let fill = max(0, 8 - 2 - made.count)
                let padded =
                    [tokenizer.start] + made + [tokenizer.end]
                    + Array(repeating: tokenizer.padding, count: fill)
                #expect(padded == tokens, "\(example.names) \(text.debugDescription)")
            }
        }
    }

    @Test("a prompt has a start, an end and padding")
    func padding() throws {
        let tokenizer = try CLIPTokenizer(folder: fixture("tokenizer"))
        let prompt = tokenizer.prompt("a photo of a cat", length: 10)
        #expect(prompt.tokens == [49406, 320, 1125, 539, 320, 2368, 49407, 49407, 49407, 49407])
        #expect(prompt.droppedCount == 0)
        let empty: [Int] = [49406] + Array(repeating: 49407, count: 76)
        #expect(tokenizer.prompt("").tokens == empty)
        #expect(tokenizer.vocabularySize == 49408)
    }

    @Test("what finds no room is counted")
    func truncation() throws {
        let tokenizer = try CLIPTokenizer(folder: fixture("tokenizer"))
        let prompt = tokenizer.prompt(String(repeating: "cat ", count: 100))
        let cats: [Int] = [49406] + Array(repeating: 2368, count: 75) + [49407]
        #expect(prompt.tokens == cats)
        #expect(prompt.droppedCount == 25)
        #expect(tokenizer.prompt(String(repeating: "cat ", count: 75)).droppedCount == 0)
    }

    @Test("tokenizer.json alone serves as well", arguments: [true, false])
    func wholeFile(mergesAreLists: Bool) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(Self.wholeFile(mergesAreLists: mergesAreLists), as: "tokenizer.json")
        let tokenizer = try CLIPTokenizer(folder: folder)
        #expect(tokenizer.tokens(of: "ab abc") == [4, 2, 5])
        #expect(tokenizer.start == 7 && tokenizer.end == 8 && tokenizer.padding == 8)
    }

    @Test(
        "padding is what the files name",
        arguments: [
            ("tokenizer_config.json", #"{"pad_token": "c</w>"}"#),
            ("tokenizer_config.json", #"{"pad_token": {"content": "c</w>", "lstrip": false}}"#),
            ("special_tokens_map.json", #"{"pad_token": "c</w>"}"#),
        ])
    func namedPadding(file: String, json: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(Self.wholeFile(), as: "tokenizer.json")
        try write(json, as: file)
        #expect(try CLIPTokenizer(folder: folder).prompt("ab", length: 5).tokens == [7, 4, 8, 5, 5])
    }

    @Test("what the vocabulary lacks is the end")
    func unknown() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(Self.wholeFile(), as: "tokenizer.json")
        #expect(try CLIPTokenizer(folder: folder).tokens(of: "za") == [8, 3])
    }

    @Test("a folder without a tokenizer is refused")
    func missing() throws {
        let error = try #require(throws: TokenizerError.self) { try CLIPTokenizer(folder: folder) }
        #expect(
            error.description
                == "\(folder.path) holds neither vocab.json and merges.txt nor tokenizer.json: copy the tokenizer that "
                + "belongs to the model.")
    }

    @Test(
        "files that are no tokenizer's are refused by name",
        arguments: [
            (["vocab.json": "{"], "vocab.json", "its JSON is not a tokenizer's"),
            (["vocab.json": "{}", "merges.txt": ""], "vocab.json", "its tokens are not numbered from 0 on"),
            (
                ["vocab.json": #"{"a": 0}"#, "merges.txt": ""], "vocab.json",
                "it has no token '<|startoftext|>'"
            ),
            (
                ["vocab.json": #"{"a": -1}"#, "merges.txt": ""], "vocab.json",
                "its tokens are not numbered from 0 on"
            ),
            (
                [
                    "vocab.json": #"{"<|startoftext|>": 0, "<|endoftext|>": 1}"#,
                    "merges.txt": "#version: 0.2\na b",
                ],
                "vocab.json", "a merge needs 'a', which is no token"
            ),
            (
                ["vocab.json": #"{"a": 0}"#, "merges.txt": "#version: 0.2\na b c"], "merges.txt",
                "line 2 is 'a b c' instead of two tokens"
            ),
            (
                ["tokenizer.json": #"{"model": {"vocab": {}, "merges": ["a"]}}"#], "tokenizer.json",
                "its JSON is not a tokenizer's"
            ),
        ])
    func malformed(files: [String: String], file: String, reason: String) throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files { try write(text, as: name) }
        let error = try #require(throws: TokenizerError.self) { try CLIPTokenizer(folder: folder) }
        #expect(
            error.description
                == "\(folder.appending(path: file).path) is not a file of CLIP's tokenizer: \(reason); "
                + "copy or download it again.")
    }

    @Test("merges that are not there are named")
    func unreadable() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try write("{}", as: "vocab.json")
        let error = try #require(throws: TokenizerError.self) { try CLIPTokenizer(folder: folder) }
        #expect(error.description.hasPrefix("\(folder.appending(path: "merges.txt").path) cannot be read: "))
    }

    private func write(_ json: [String: Any], as name: String) throws {
        try write(String(decoding: JSONSerialization.data(withJSONObject: json), as: UTF8.self), as: name)
    }

    private func write(_ text: String, as name: String) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: folder.appending(path: name))
    }

    /// A vocabulary of a few letters, in which `ab` at the end of a word is one token, and within a word another.
    private static func wholeFile(mergesAreLists: Bool = true) -> String {
        """
        {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "a</w>": 3, "ab</w>": 4, "c</w>": 5, "b</w>": 6},
        "merges": \(mergesAreLists ? #"[["a", "b"], ["a", "b</w>"]]"# : #"["a b", "a b</w>"]"#)},
        "added_tokens": [{"id": 7, "content": "<|startoftext|>"}, {"id": 8, "content": "<|endoftext|>"}]}
        """
    }
}
