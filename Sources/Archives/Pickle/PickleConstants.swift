// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

extension PickleInput {
    /// Reads what follows an instruction that pushes a constant; nil for every other instruction.
    mutating func constant(_ opcode: PickleOpcode) throws(ArchiveError) -> PickleNode.Item? {
        switch opcode {
        case .none: .some(.none)
        case .newTrue: .bool(true)
        case .newFalse: .bool(false)
        case .intLine: try intOrBoolLine()
        case .longLine: try integerLine()
        case .int1: .int(Int(try number(1)))
        case .int2: .int(Int(try number(2)))
        case .int4: .int(try signed4())
        case .long1: long(try bytes(number(1)))
        case .long4: long(try bytes(length4()))
        case .floatLine: .double(try doubleLine())
        case .float8: .double(Double(bitPattern: try number(8).byteSwapped))
        case .stringLine: .bytes(try quotedLine())
        case .string1, .bytes1: .bytes(try bytes(number(1)))
        case .string4: .bytes(try bytes(length4()))
        case .bytes4: .bytes(try bytes(number(4)))
        case .bytes8, .byteArray8: .bytes(try bytes(number(8)))
        case .unicodeLine: .string(try escapedLine())
        case .unicode1: .string(try text(bytes(number(1))))
        case .unicode4: .string(try text(bytes(number(4))))
        case .unicode8: .string(try text(bytes(number(8))))
        default: nil
        }
    }

    /// A length that is stored as a signed number.
    private mutating func length4() throws(ArchiveError) -> UInt64 {
        guard let length = UInt64(exactly: try signed4()) else { throw damaged("states a length below 0") }
        return length
    }

    /// Protocols 0 and 1 write `True` as the line `01`.
    private mutating func intOrBoolLine() throws(ArchiveError) -> PickleNode.Item {
        let start = data[position...].prefix(3)
        guard [Data("00\n".utf8), Data("01\n".utf8)].contains(start) else { return try integerLine() }
        return .bool(try intLine() == 1)
    }

    /// A whole number in two's complement, little-endian, of as many bytes as it needs.
    private func long(_ bytes: Data) -> PickleNode.Item {
        guard bytes.count <= 8 else { return .bigInt(bytes) }
        guard let last = bytes.last else { return .int(0) }
        let start: UInt64 = last < 0x80 ? 0 : .max
        return .int(Int(Int64(bitPattern: bytes.reversed().reduce(start) { $0 << 8 | UInt64($1) })))
    }

    /// A whole number in decimal, of 100 digits at most; Python 2 puts an L behind it.
    private mutating func integerLine() throws(ArchiveError) -> PickleNode.Item {
        let line = try textLine()
        let digits = line.hasSuffix("L") ? line.dropLast() : line[...]
        if let value = Int(digits) { return .int(value) }
        let magnitude = digits.hasPrefix("-") ? digits.dropFirst() : digits
        guard (1...100).contains(magnitude.utf8.count), magnitude.utf8.allSatisfy({ (48...57).contains($0) })
        else {
            throw damaged("has '\(line.prefix(20))' for a number")
        }
        // The magnitude, little-endian, and a byte for the sign; then the two's complement.
        var bytes: [UInt8] = []
        for digit in magnitude.utf8 {
            var carry = Int(digit) - 48
            for index in bytes.indices {
                carry += 10 * Int(bytes[index])
                bytes[index] = UInt8(truncatingIfNeeded: carry)
                carry >>= 8
            }
            if carry > 0 { bytes.append(UInt8(carry)) }
        }
        bytes.append(0)
        if digits.hasPrefix("-") {
            var carry = 1
            for index in bytes.indices {
                carry += Int(~bytes[index])
                bytes[index] = UInt8(truncatingIfNeeded: carry)
                carry >>= 8
            }
        }
        return .bigInt(Data(bytes))
    }

    private mutating func doubleLine() throws(ArchiveError) -> Double {
        let line = try textLine()
        guard let value = Double(line) else { throw damaged("has '\(line.prefix(20))' for a number") }
        return value
    }

    /// A Python 2 string as `repr` writes it.
    private mutating func quotedLine() throws(ArchiveError) -> Data {
        let line = try line()
        guard line.count >= 2, let quote = line.first, quote == line.last,
            [UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(quote)
        else {
            throw damaged("has a string without quotes")
        }
        let inner = line.dropFirst().dropLast()
        guard inner.contains(UInt8(ascii: "\\")) else { return inner }
        var escapes = PickleEscapes(inner)
        guard let bytes = escapes.bytes() else { throw damaged("has a string with an unknown escape") }
        return bytes
    }

    /// A text in which some characters are written as `\u` and four, or `\U` and eight, hexadecimal digits.
    private mutating func escapedLine() throws(ArchiveError) -> String {
        let line = try line()
        guard line.contains(where: { $0 == UInt8(ascii: "\\") || $0 >= 0x80 }) else { return try text(line) }
        var escapes = PickleEscapes(line)
        guard let text = escapes.text() else { throw damaged("has a text with an unknown escape") }
        return text
    }
}
