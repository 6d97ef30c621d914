// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation

/// The prompts of a file with a JSON object or string a line.
///
/// - Parameter column: the name of the prompts' key, if it is given; the first object that has one says how it is written.
func objectPrompts(_ bytes: PromptBytes, _ column: String?) throws(PromptFileError) -> [String] {
    var bytes = bytes
    var prompts = PromptObjects(file: bytes.file, column: column)
    while let range = bytes.nextLine() {
        let line = try bytes.text(range, line: bytes.line)
        guard !line.isEmpty else { continue }
        let value = try? JSONSerialization.jsonObject(with: Data(line.utf8), options: .fragmentsAllowed)
        guard try prompts.append(value, line: bytes.line) else {
            throw .notJSON(file: bytes.file, line: bytes.line)
        }
    }
    return try prompts.all()
}

/// The prompts of a JSON file with a list, or with one as the `annotations` of an object, as COCO has its captions.
func listedPrompts(_ data: Data, _ column: String?, file: String) throws(PromptFileError) -> [String] {
    let content = try? JSONSerialization.jsonObject(with: data)
    guard let list = (content as? [String: Any])?["annotations"] as? [Any] ?? content as? [Any] else {
        throw .notAList(file: file)
    }
    var prompts = PromptObjects(file: file, column: column)
    for (index, value) in list.enumerated() {
        guard try prompts.append(value, line: index + 1) else { throw .notAList(file: file) }
    }
    return try prompts.all()
}

/// The prompts of a pickled list of strings.
func pickledPrompts(_ data: Data, file: String) throws -> [String] {
    let content = try Pickle(data, named: file, globals: []).value
    guard let items = content.items else { throw PromptFileError.notAList(file: file) }
    return try items.map { item in
        if case .none = item { return "" }
        guard let text = item.text else { throw PromptFileError.notAList(file: file) }
        return withoutSpace(text)
    }
}

/// Prompts that come as strings, or in objects under a key.
private struct PromptObjects {
    let file: String
    let column: String?
    private var key: String?
    private var prompts: [String] = []
    /// Where the first object is that has no prompt, and what it has.
    private var bare: (line: Int, names: [String])?

    init(file: String, column: String?) { (self.file, self.column) = (file, column) }

    /// - Returns: whether it is a string, null or an object.
    mutating func append(_ value: Any?, line: Int) throws(PromptFileError) -> Bool {
        switch value {
        case let text as String: prompts.append(withoutSpace(text))
        case is NSNull: prompts.append("")
        case let object as [String: Any]: prompts.append(try prompt(of: object, line: line))
        default: return false
        }
        return true
    }

    /// - Throws: ``PromptFileError/missingKey(file:line:key:found:)`` where there are objects and none has a prompt,
    ///   ``PromptFileError/noColumns(file:)`` where a key is given and there are no objects.
    func all() throws(PromptFileError) -> [String] {
        if let bare, key == nil {
            throw .missingKey(file: file, line: bare.line, key: column, found: bare.names)
        }
        if column != nil, key == nil { throw .noColumns(file: file) }
        return prompts
    }

    private mutating func prompt(of object: [String: Any], line: Int) throws(PromptFileError) -> String {
        if key == nil {
            let names = object.keys.sorted()
            key = promptColumn(column, among: names).map { names[$0] }
            if key == nil { bare = bare ?? (line, names) }
        }
        guard let key, let value = object[key], !(value is NSNull) else { return "" }
        guard let text = value as? String else { throw .valueIsNoText(file: file, line: line, key: key) }
        return withoutSpace(text)
    }
}

private func withoutSpace(_ text: String) -> String { String(decoding: trimmed(text.utf8), as: UTF8.self) }
