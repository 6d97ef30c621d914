// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// The prompts of a file with a JSON object or string a line.
///
/// - Parameter column: the name of the prompts' key, if it is given; the first object says how it is written.
func objectPrompts(_ bytes: PromptBytes, _ column: String?) throws(PromptFileError) -> [String] {
    var bytes = bytes
    var prompts: [String] = []
    var key: String?
    while let range = bytes.nextLine() {
        let line = try bytes.text(range, line: bytes.line)
        guard !line.isEmpty else { continue }
        let text: String
        switch try? JSONSerialization.jsonObject(with: Data(line.utf8), options: .fragmentsAllowed) {
        case let string as String: text = string
        case let object as [String: Any]:
            let names = object.keys.sorted()
            key = key ?? promptColumn(column, among: names).map { names[$0] }
            guard let key, let value = object[key] else {
                throw .missingKey(file: bytes.file, line: bytes.line, key: key ?? column, found: names)
            }
            guard let string = value as? String else {
                throw .valueIsNoText(file: bytes.file, line: bytes.line, key: key)
            }
            text = string
        default: throw .notJSON(file: bytes.file, line: bytes.line)
        }
        prompts.append(String(decoding: trimmed(text.utf8), as: UTF8.self))
    }
    return prompts
}
