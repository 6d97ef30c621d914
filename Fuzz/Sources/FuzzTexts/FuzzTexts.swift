// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
import Foundation
import Scratch

/// Reads a file of prompts, or a tokenizer of which the input is one file, as the first byte says.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let data = input(bytes, count)
    guard let kind = data.first else { return 0 }
    let names = [
        "a.txt", "a.csv", "a.tsv", "a.jsonl", "a.json", "a.pkl", "tokenizer_config.json",
        "special_tokens_map.json",
        "added_tokens.json", "tokenizer.json",
    ]
    let name = names[Int(kind) % names.count]
    let file = place(data.dropFirst(), as: name)
    defer { try? FileManager.default.removeItem(at: file) }
    guard name.contains("token") else {
        _ = try? readPrompts(file)
        return 0
    }
    let folder = file.deletingLastPathComponent()
    let vocabulary =
        #"{"a": 0, "b": 1, "a</w>": 2, "ab</w>": 3, "b</w>": 4, "<|startoftext|>": 5, "<|endoftext|>": 6}"#
    try? vocabulary.write(to: folder.appending(path: "vocab.json"), atomically: false, encoding: .utf8)
    try? "#version: 0.2\na b</w>\n".write(
        to: folder.appending(path: "merges.txt"), atomically: false, encoding: .utf8)
    guard let tokenizer = try? CLIPTokenizer(folder: folder) else { return 0 }
    for text in ["ab <x> a!", "A\u{301}b  <|endoftext|>"] { _ = tokenizer.prompt(text, length: 8) }
    return 0
}
