// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// The bytes of a pickle, read from the front; everything is checked against what is left.
struct PickleInput {
    let data: Data
    let file: String

    /// The next byte, an index of `data`.
    private(set) var position: Data.Index

    init(_ data: Data, file: String) {
        self.data = data
        self.file = file
        position = data.startIndex
    }

    /// An error at the current position.
    func damaged(_ reason: String) -> ArchiveError {
        .damaged(file: file, reason: "its pickle \(reason), at byte \(position)")
    }

    mutating func byte() throws(ArchiveError) -> UInt8 {
        guard position < data.endIndex else { throw damaged("breaks off") }
        defer { position += 1 }
        return data[position]
    }

    /// A little-endian number of `count` bytes, at most 8.
    mutating func number(_ count: Int) throws(ArchiveError) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(try byte()) << (8 * index) }
        return value
    }

    /// A signed little-endian number of four bytes.
    mutating func signed4() throws(ArchiveError) -> Int {
        Int(Int32(truncatingIfNeeded: try number(4)))
    }

    /// The next bytes, without copying them.
    mutating func bytes(_ count: UInt64) throws(ArchiveError) -> Data {
        guard count <= data.endIndex - position else {
            throw damaged("states \(count) bytes where \(data.endIndex - position) are left")
        }
        defer { position += Int(count) }
        return data[position..<position + Int(count)]
    }

    /// The bytes up to the next line feed, which is skipped.
    mutating func line() throws(ArchiveError) -> Data {
        guard let end = data[position...].firstIndex(of: UInt8(ascii: "\n")) else {
            throw damaged("breaks off in a line")
        }
        defer { position = end + 1 }
        return data[position..<end]
    }

    /// The next line as text.
    mutating func textLine() throws(ArchiveError) -> String { try text(line()) }

    /// The number in the next line.
    mutating func intLine() throws(ArchiveError) -> Int {
        let line = try textLine()
        guard let value = Int(line.hasSuffix("L") ? String(line.dropLast()) : line) else {
            throw damaged("has '\(line.prefix(20))' for a number")
        }
        return value
    }

    func text(_ bytes: Data) throws(ArchiveError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw damaged("has text that is not UTF-8")
        }
        return text
    }
}
