// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// Why a file gives no prompts. Lines are numbered from 1.
public enum PromptFileError: LocalizedError, Equatable, CustomStringConvertible {
    /// The file could not be read.
    case unreadable(file: String, reason: String)
    /// The name of the file does not say of which form it is.
    case unknownEnding(file: String)
    /// The file is a table or an archive that is not read; a command makes one of it that is.
    case otherForm(file: String, form: String, command: String)
    /// The file is UTF-16, or no text.
    case notText(file: String)
    /// A line is not UTF-8.
    case notUTF8(file: String, line: Int)
    /// The file has no prompt, or only empty ones.
    case noPrompts(file: String)
    /// A table has no column of the given name or, where none is given, of any usual one.
    case missingColumn(file: String, column: String?, found: [String])
    /// A row has more or fewer fields than the first.
    case fieldCount(file: String, line: Int, expected: Int, found: Int)
    /// A field in quotes, which begins on a line, does not end.
    case openQuote(file: String, line: Int)
    /// A field in quotes, which begins on a line, goes on after a quote on the same or a later one.
    case textAfterQuote(file: String, line: Int, quoteLine: Int)
    /// A line is neither a JSON object nor a JSON string.
    case notJSON(file: String, line: Int)
    /// A JSON file or a pickle is of something else than a list of texts.
    case notAList(file: String)
    /// No object has a key of the given name or, where none is given, of any usual one; the first object is named.
    case missingKey(file: String, line: Int, key: String?, found: [String])
    /// A column or key is named, and the file has nothing but texts.
    case noColumns(file: String)
    /// What an object has for a prompt is no string.
    case valueIsNoText(file: String, line: Int, key: String)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file) cannot be read: \(reason); give a file of prompts."
        case .unknownEnding(let file):
            "\(file) does not say by its ending how prompts are in it: give a file that ends in .txt, .csv, .tsv, "
                + ".jsonl, .json or .pkl."
        case .otherForm(let file, let form, let command):
            "\(file) is \(form), which is not read: make a file of prompts of it, as in `\(command)`."
        case .notText(let file):
            "\(file) is not UTF-8: it is UTF-16 or no text; convert UTF-16 with `iconv -f UTF-16 -t UTF-8`."
        case .notUTF8(let file, let line):
            "\(file) is not UTF-8: line \(line) has bytes that do not stand for text; convert it, from Latin-1 with "
                + "`iconv -f LATIN1 -t UTF-8`."
        case .noPrompts(let file):
            "\(file) has no prompts: give a file with at least one that is not empty."
        case .missingColumn(let file, let column, let found):
            "The table \(file) has no column \(oneOf(column)): name one of its columns, \(list(found))."
        case .fieldCount(let file, let line, let expected, let found):
            "Line \(line) of \(file) has \(found == 1 ? "1 field" : "\(found) fields") instead of \(expected): put fields with "
                + "separators in quotes, and leave none out."
        case .openQuote(let file, let line):
            "A quote that opens on line \(line) of \(file) does not close: close it, or put the field in quotes and double "
                + "those in it."
        case .textAfterQuote(let file, let line, let quoteLine):
            "The quoted field that begins on line \(line) of \(file) goes on after a quote on line \(quoteLine): end it before "
                + "that, or double the quotes in it."
        case .notJSON(let file, let line):
            "Line \(line) of \(file) is neither a JSON object nor a JSON string: give one of them on each line."
        case .notAList(let file):
            "\(file) is not a list of texts, of objects that hold them, or COCO's captions: give one of these, or a .txt file with a "
                + "prompt a line."
        case .missingKey(let file, let line, let key, let found):
            "The object on line \(line) of \(file) has no key \(oneOf(key)): name one that all have, it has \(list(found))."
        case .noColumns(let file):
            "\(file) is a list of texts, without columns or keys: leave the name of the column out."
        case .valueIsNoText(let file, let line, let key):
            "The object on line \(line) of \(file) has for '\(key)' something other than text: give a string."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}

private func oneOf(_ name: String?) -> String { name.map { "'\($0)'" } ?? "caption, text or prompt" }

/// The names, of which some files that are no tables have many and long ones.
private func list(_ names: [String]) -> String {
    let shown = names.prefix(10).map { $0.count > 40 ? "'\($0.prefix(40))...'" : "'\($0)'" }
    let others = names.count > 10 ? " and \(names.count - 10) more" : ""
    return names.isEmpty ? "none" : shown.joined(separator: ", ") + others
}
