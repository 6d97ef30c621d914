// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation

/// Writes scalars as JSON, one object a line: `{"step":10,"time":1767225600.5,"values":{"loss/denoising":0.1}}`. The time is in
/// seconds since 1970. JSON has no word for what a diverged run brings, so these values are the strings `"nan"`,
/// `"inf"` and `"-inf"`.
public final class ScalarLog: Sendable {
    /// One line of the log.
    public struct Line: Codable, Equatable, Sendable {
        /// The number of steps done.
        public var step: Int
        /// Seconds since 1970.
        public var time: Double
        /// The scalars by tag.
        public var values: [String: Double]
    }

    private let file: AppendedFile

    /// Opens or makes the log.
    ///
    /// - Parameters:
    ///   - url: the file, ``RunFolder/log``.
    ///   - step: the last step whose lines stay; none empties the file. A torn last line goes as well.
    /// - Throws: `FileError`.
    public init(_ url: URL, after step: Int?) throws {
        file = try AppendedFile(url) { data in
            guard let step else { return 0 }
            return Self.lines(of: data).prefix { $0.line.step <= step }.last?.end ?? 0
        }
    }

    /// Reads a log as far as its lines are whole.
    ///
    /// - Throws: `FileError`.
    public static func lines(of url: URL) throws -> [Line] {
        try lines(of: contents(of: url)).map(\.line)
    }

    /// Writes a line.
    ///
    /// - Throws: `FileError`.
    public func append(step: Int, time: Date, scalars: [String: Double]) throws {
        let line = Line(step: step, time: time.timeIntervalSince1970, values: scalars)
        try file.append(JSONEncoder.line.encode(line) + Data("\n".utf8))
    }

    /// Waits until the disk has all that was written.
    ///
    /// - Throws: `FileError`.
    public func synchronize() throws {
        try file.synchronize()
    }

    /// The lines up to the first that is not whole, each with the offset of its end.
    private static func lines(of data: Data) -> [(line: Line, end: Int)] {
        var lines: [(line: Line, end: Int)] = []
        var start = 0
        while let newline = data[start...].firstIndex(of: UInt8(ascii: "\n")),
            let line = try? JSONDecoder.file.decode(Line.self, from: data[start..<newline])
        {
            start = newline + 1
            lines.append((line, start))
        }
        return lines
    }
}
