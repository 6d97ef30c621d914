// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// The escapes in the lines of text of protocol 0.
struct PickleEscapes {
    private var rest: Data

    init(_ line: Data) { rest = line }

    /// Decodes a Python 2 string: `\n`, `\r`, `\t`, `\xNN`, and a backslash before itself or a quote. Nil if there is
    /// another escape.
    mutating func bytes() -> Data? {
        var bytes = Data()
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "n"): bytes.append(0x0A)
            case UInt8(ascii: "r"): bytes.append(0x0D)
            case UInt8(ascii: "t"): bytes.append(0x09)
            case UInt8(ascii: "x"):
                guard let value = hexadecimal(2) else { return nil }
                bytes.append(UInt8(value))
            case let character? where "\\'\"".utf8.contains(character): bytes.append(character)
            default: return nil
            }
        }
        return bytes
    }

    /// Decodes a text in Latin-1 with `\uNNNN` and `\UNNNNNNNN`; any other backslash stands for itself. Nil if there is
    /// no such character.
    mutating func text() -> String? {
        var text = String.UnicodeScalarView()
        while let byte = rest.popFirst() {
            var value: UInt32? = UInt32(byte)
            if byte == UInt8(ascii: "\\"), let kind = rest.first, "uU".utf8.contains(kind) {
                rest.removeFirst()
                value = hexadecimal(kind == UInt8(ascii: "u") ? 4 : 8)
            }
            guard let scalar = value.flatMap(Unicode.Scalar.init) else { return nil }
            text.append(scalar)
        }
        return String(text)
    }

    private mutating func hexadecimal(_ count: Int) -> UInt32? {
        guard rest.count >= count else { return nil }
        defer { rest.removeFirst(count) }
        var value: UInt32 = 0
        for digit in rest.prefix(count) {
            guard let digit = Character(Unicode.Scalar(digit)).hexDigitValue else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }
}
