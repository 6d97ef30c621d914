// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// Reads the little JSON that a safetensors header may contain: objects, strings and lists of whole numbers.
///
/// Foundation's parser keeps neither the order of names nor a name's first value when it comes twice, and
/// follows nested lists as deep as they go; this one reads what its caller asks for, and skips the rest.
struct JSONScanner {
    let file: String

    /// The next byte, counted from the start of the file.
    private(set) var position: Int

    private let data: Data

    /// Scans a slice of a file's data, whose indices are those of the file.
    init(_ data: Data, file: String) {
        self.data = data
        self.file = file
        position = data.startIndex
    }

    /// Reads an object, calling `member` after each name, there to read the value.
    mutating func object(
        _ member: (inout JSONScanner, String) throws(SafetensorsError) -> Void
    ) throws(SafetensorsError) {
        try expect("{")
        guard !skip("}") else { return }
        var names: Set<String> = []
        repeat {
            let name = try string()
            guard names.insert(name).inserted else { throw .duplicateName(file: file, name: name) }
            try expect(":")
            try member(&self, name)
        } while skip(",")
        try expect("}")
    }

    /// Reads a string.
    mutating func string() throws(SafetensorsError) -> String {
        try expect("\"")
        let start = position
        var isEscaped = false
        while let byte = peek(), byte != UInt8(ascii: "\"") || isEscaped {
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            position += 1
        }
        guard peek() != nil else { throw malformed("a string does not end") }
        position += 1
        // Only Foundation knows every escape; a string alone is JSON too.
        guard let text = try? JSONDecoder().decode(String.self, from: data[start - 1..<position]) else {
            throw malformed("a string is not valid JSON")
        }
        return text
    }

    /// Reads a list of whole numbers from 0.
    mutating func integers() throws(SafetensorsError) -> [Int] {
        try expect("[")
        guard !skip("]") else { return [] }
        var values: [Int] = []
        repeat { values.append(try integer()) } while skip(",")
        try expect("]")
        return values
    }

    /// Moves past `null` if it comes next.
    mutating func null() -> Bool {
        skipSpace()
        guard data[position...].starts(with: "null".utf8) else { return false }
        position += 4
        return true
    }

    /// Moves past a value of any kind.
    mutating func skipValue(levels: Int = 16) throws(SafetensorsError) {
        guard levels > 0 else { throw malformed("values are nested too deeply") }
        skipSpace()
        switch peek() {
        case UInt8(ascii: "{"):
            try object { scanner, _ throws(SafetensorsError) in try scanner.skipValue(levels: levels - 1) }
        case UInt8(ascii: "["):
            try expect("[")
            guard !skip("]") else { return }
            repeat { try skipValue(levels: levels - 1) } while skip(",")
            try expect("]")
        case UInt8(ascii: "\""): _ = try string()
        default:
            let start = position
            while let byte = peek(), isOfWord(byte) { position += 1 }
            let options: JSONSerialization.ReadingOptions = .fragmentsAllowed
            guard (try? JSONSerialization.jsonObject(with: data[start..<position], options: options)) != nil
            else {
                throw malformed("a value was expected")
            }
        }
    }

    /// Checks that only white space is left.
    mutating func end() throws(SafetensorsError) {
        skipSpace()
        guard peek() == nil else { throw malformed("something follows the last brace") }
    }

    /// An error at the current position.
    func malformed(_ reason: String) -> SafetensorsError {
        .malformedHeader(file: file, byte: position, reason: reason)
    }

    private mutating func integer() throws(SafetensorsError) -> Int {
        skipSpace()
        var value = 0
        let start = position
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
            position += 1
            // More than any file holds, and far from overflow in sums of a few such numbers.
            guard value < 1 << 56 else { throw malformed("a number is too large") }
        }
        guard position > start else { throw malformed("a whole number from 0 was expected") }
        return value
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsError) {
        guard skip(character) else { throw malformed("'\(character)' was expected") }
    }

    /// Moves past a character, and the white space before it, if it comes next.
    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard peek() == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = peek(), [0x20, 0x09, 0x0a, 0x0d].contains(byte) { position += 1 }
    }

    private func peek() -> UInt8? { position < data.endIndex ? data[position] : nil }
}

/// Whether a byte may be one of a number, `true`, `false` or `null`.
private func isOfWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
        true
    default: false
    }
}
