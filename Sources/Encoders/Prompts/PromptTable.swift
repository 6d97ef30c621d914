// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// The prompts of a table whose first line names its columns.
///
/// - Parameter column: the name of the column, if it is given.
func tablePrompts(
    _ bytes: PromptBytes, separator: Unicode.Scalar, _ column: String?
) throws(PromptFileError) -> [String] {
    var table = PromptTable(bytes: bytes, separator: UInt8(ascii: separator))
    var names: [String] = []
    while let field = try table.nextField() { names.append(try table.text(field)) }
    guard !names.isEmpty else { return [] }
    guard let index = promptColumn(column, among: names) else {
        throw .missingColumn(file: bytes.file, column: column, found: names)
    }
    var prompts: [String] = []
    while table.startRow() {
        let line = table.bytes.line
        var count = 0
        while let field = try table.nextField() {
            if count == index { prompts.append(try table.text(field)) }
            count += 1
        }
        guard count == names.count else {
            throw .fieldCount(file: bytes.file, line: line, expected: names.count, found: count)
        }
    }
    return prompts
}

/// A table that is read field by field. Source of its form: RFC 4180, section 2, with any separator.
private struct PromptTable {
    struct Field {
        /// Without the quotes around it.
        var range: Range<Int>
        var hasDoubledQuotes = false
        /// Where it begins.
        var line: Int
    }

    private(set) var bytes: PromptBytes
    private let separator: UInt8
    /// Whether another field of the row must follow.
    private var isInRow = false

    /// Begins with the first row.
    init(bytes: PromptBytes, separator: UInt8) {
        (self.bytes, self.separator) = (bytes, separator)
        _ = startRow()
    }

    /// Goes to the next row that is not a blank line; false at the end.
    mutating func startRow() -> Bool {
        repeat { bytes.line += 1 } while skipLineBreak()
        isInRow = !bytes.isAtEnd
        return isInRow
    }

    /// The row's next field; nil behind its last.
    mutating func nextField() throws(PromptFileError) -> Field? {
        guard isInRow else { return nil }
        let field = next == quote ? try quotedField() ?? plainField() : plainField()
        isInRow = next == separator
        if isInRow { bytes.position += 1 } else { _ = skipLineBreak() }
        return field
    }

    /// A field's text without the white space around it.
    func text(_ field: Field) throws(PromptFileError) -> String {
        guard field.hasDoubledQuotes else { return try bytes.text(field.range, line: field.line) }
        var kept: [UInt8] = []
        var isSecond = false
        for byte in trimmed(bytes.bytes[field.range]) {
            isSecond = byte == quote && !isSecond
            if byte != quote || isSecond { kept.append(byte) }
        }
        return try bytes.text(kept, line: field.line)
    }

    private var next: UInt8? { bytes.isAtEnd ? nil : bytes.bytes[bytes.position] }

    private mutating func plainField() -> Field {
        let start = bytes.position
        while let byte = next, byte != separator, byte != newline { bytes.position += 1 }
        return Field(range: start..<bytes.position, line: bytes.line)
    }

    /// A field in quotes; nil, with nothing read, for one of a table with tabs that only begins with a quote: these have no
    /// quotes where they were not written by a program that knows them.
    private mutating func quotedField() throws(PromptFileError) -> Field? {
        let begin = bytes
        do {
            return try fieldInQuotes()
        } catch {
            guard separator == UInt8(ascii: "\t") else { throw error }
            bytes = begin
            return nil
        }
    }

    private mutating func fieldInQuotes() throws(PromptFileError) -> Field {
        let line = bytes.line
        bytes.position += 1
        let start = bytes.position
        var hasDoubledQuotes = false
        while let byte = next {
            bytes.position += 1
            if byte == newline { bytes.line += 1 }
            guard byte == quote else { continue }
            guard next == quote else {
                let range = start..<bytes.position - 1
                guard next == nil || next == separator || isAtLineBreak else {
                    throw .textAfterQuote(file: bytes.file, line: line, quoteLine: bytes.line)
                }
                return Field(range: range, hasDoubledQuotes: hasDoubledQuotes, line: line)
            }
            hasDoubledQuotes = true
            bytes.position += 1
        }
        throw .openQuote(file: bytes.file, line: line)
    }

    private var isAtLineBreak: Bool { lineBreakLength > 0 }

    private var lineBreakLength: Int {
        if next == newline { return 1 }
        let after = bytes.position + 1
        let isPair = next == carriageReturn && after < bytes.bytes.count && bytes.bytes[after] == newline
        return isPair ? 2 : 0
    }

    private mutating func skipLineBreak() -> Bool {
        let length = lineBreakLength
        bytes.position += length
        return length > 0
    }
}

private let quote = UInt8(ascii: "\"")
