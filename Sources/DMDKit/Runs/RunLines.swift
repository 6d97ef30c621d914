// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
public import Training

extension RunView {
    /// A line of the log.
    public typealias Line = ScalarLog.Line

    /// A place in the log, which a reader can come back to. It knows the line before it, and so whether that is still the same log.
    public struct Cursor: Equatable, Sendable, LosslessStringConvertible {
        fileprivate let offset: UInt64
        fileprivate let sum: UInt32

        fileprivate init(offset: UInt64, sum: UInt32) { (self.offset, self.sum) = (offset, sum) }

        /// The beginning.
        public static var start: Cursor { Cursor(offset: 0, sum: 0) }

        /// A cursor of its ``description``; nil of another text.
        public init?(_ text: String) {
            guard let match = text.wholeMatch(of: /(\d{1,18})-([0-9a-f]{1,8})/),
                let offset = UInt64(match.1), let sum = UInt32(match.2, radix: 16)
            else { return nil }
            self.init(offset: offset, sum: sum)
        }

        /// Digits, a dash and hexadecimal digits.
        public var description: String { "\(offset)-\(String(sum, radix: 16))" }
    }

    /// What there is to read after a cursor.
    public struct Lines: Sendable {
        /// Whole lines.
        public let lines: [ScalarLog.Line]
        /// The place after them.
        public let end: Cursor
        /// Whether they begin anew, since the run went back and the log that was read before is no more.
        public let isReset: Bool
        /// Whether more can be read at once.
        public let hasMore: Bool
    }

    /// Reads the log on from a cursor, as far as its lines are whole.
    ///
    /// - Parameters:
    ///   - cursor: the end of what was read before.
    ///   - limit: about how many bytes at a time.
    /// - Throws: `FileError`.
    public func lines(after cursor: Cursor, limit: Int = 1 << 20) throws -> Lines {
        guard let file = try? FileHandle(forReadingFrom: folder.log) else {
            return Lines(lines: [], end: .start, isReset: cursor != .start, hasMore: false)
        }
        defer { try? file.close() }
        let isSame = cursor == .start || Self.holds(cursor, file)
        let start = isSame ? cursor : .start
        try? file.seek(toOffset: start.offset)
        let data = (try? file.read(upToCount: limit)) ?? Data()
        var (lines, sum, position) = ([ScalarLog.Line](), start.sum, data.startIndex)
        while let newline = data[position...].firstIndex(of: UInt8(ascii: "\n")),
            let line = try? JSONDecoder.file.decode(ScalarLog.Line.self, from: data[position..<newline])
        {
            sum = Self.sum(of: data[position..<newline])
            lines.append(line)
            position = newline + 1
        }
        let offset = start.offset + UInt64(position - data.startIndex)
        return Lines(
            lines: lines, end: Cursor(offset: offset, sum: sum), isReset: !isSame,
            hasMore: data.count == limit && !lines.isEmpty)
    }

    /// The last twenty lines, or fewer.
    func recentLines() -> [ScalarLog.Line] {
        guard let file = try? FileHandle(forReadingFrom: folder.log), let size = try? file.seekToEnd() else {
            return []
        }
        defer { try? file.close() }
        try? file.seek(toOffset: size - min(size, 65_536))
        let lines = ((try? file.readToEnd()) ?? Data()).split(separator: UInt8(ascii: "\n"))
        return lines.suffix(20).compactMap { try? JSONDecoder.file.decode(ScalarLog.Line.self, from: $0) }
    }

    /// Whether the line that ends at a cursor is the one that it knows.
    private static func holds(_ cursor: Cursor, _ file: FileHandle) -> Bool {
        let length = min(cursor.offset, 65_536)
        guard let size = try? file.seekToEnd(), size >= cursor.offset,
            (try? file.seek(toOffset: cursor.offset - length)) != nil,
            let data = try? file.read(upToCount: Int(length)), data.last == UInt8(ascii: "\n")
        else { return false }
        let line = data.dropLast()
        let start = line.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? line.startIndex
        return sum(of: line[start...]) == cursor.sum
    }

    /// FNV-1a.
    private static func sum(of line: Data) -> UInt32 {
        line.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }
}
