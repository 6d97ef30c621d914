// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Files
public import Foundation
import Torch

/// Reads the prompts of a file in UTF-8, in their order. What the file is, its ending says:
///
/// | Ending | Form |
/// |---|---|
/// | `.txt` | A prompt a line; blank lines are skipped. |
/// | `.csv`, `.tsv` | A table whose first line names its columns, which are parted by commas or tabs. A field may stand in quotes, and then hold separators, line breaks and, doubled, quotes (RFC 4180); in `.tsv`, one that only begins with a quote is taken as it is. |
/// | `.jsonl` | A JSON object or string a line; blank lines are skipped. |
/// | `.json` | A list of strings or objects, or COCO's captions: an object whose `annotations` are such a list. |
/// | `.pkl` | A pickled list of strings, such as `captions_laion_score6.25.pkl` of DMD2; nothing in it is run. |
///
/// White space around a prompt is removed. A row or object whose prompt is empty, null or missing counts as the empty prompt, on which an
/// image is made without guidance: so prompt `i` stays that of row `i`, and no caption that is missing among millions
/// stops the reading.
///
/// - Parameters:
///   - file: the file, which may begin with a byte order mark.
///   - column: the name of the column or key that holds the prompts, in capital or small letters; by default the first
///     that is there of `caption`, `text` and `prompt`.
/// - Returns: at least one prompt, not all of them empty.
/// - Throws: ``PromptFileError``; `ArchiveError` for a pickle that is damaged.
public func readPrompts(_ file: URL, column: String? = nil) throws -> [String] {
    let start = (try? FileHandle(forReadingFrom: file).read(upToCount: 256)) ?? Data()
    if let other = OtherTable(start, at: file) {
        throw PromptFileError.otherForm(file: file.path, form: other.words, command: other.command)
    }
    if let substitute = ContentKind(start)?.substitute {
        throw PromptFileError.unreadable(file: file.path, reason: substitute)
    }
    guard let ending = Ending(rawValue: file.pathExtension.lowercased()) else {
        throw PromptFileError.unknownEnding(file: file.path)
    }
    if column != nil, ending == .txt || ending == .pkl { throw PromptFileError.noColumns(file: file.path) }
    let data: Data
    do {
        data = try Data(contentsOf: file, options: .mappedIfSafe)
    } catch {
        throw PromptFileError.unreadable(file: file.path, reason: cause(of: error))
    }
    let prompts =
        switch ending {
        case .pkl: try pickledPrompts(data, file: file.path)
        case .json: try listedPrompts(data, column, file: file.path)
        case .txt, .csv, .tsv, .jsonl:
            try data.withUnsafeBytes { buffer in
                let bytes = try PromptBytes(buffer, file: file.path)
                return switch ending {
                case .csv: try tablePrompts(bytes, separator: ",", column)
                case .tsv: try tablePrompts(bytes, separator: "\t", column)
                case .jsonl: try objectPrompts(bytes, column)
                default: try promptLines(bytes)
                }
            }
        }
    guard prompts.contains(where: { !$0.isEmpty }) else { throw PromptFileError.noPrompts(file: file.path) }
    return prompts
}

private enum Ending: String { case txt, csv, tsv, jsonl, json, pkl }

/// Which of the names of a file's columns or keys is that of the prompts; nil if none is.
func promptColumn(_ wanted: String?, among names: [String]) -> Int? {
    let names = names.map { $0.lowercased() }
    let candidates = wanted.map { [$0.lowercased()] } ?? ["caption", "text", "prompt"]
    return candidates.lazy.compactMap { names.firstIndex(of: $0) }.first
}

/// A prompt a line.
private func promptLines(_ bytes: PromptBytes) throws(PromptFileError) -> [String] {
    var bytes = bytes
    var prompts: [String] = []
    while let line = bytes.nextLine() {
        let prompt = try bytes.text(line, line: bytes.line)
        if !prompt.isEmpty { prompts.append(prompt) }
    }
    return prompts
}
