// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images

/// A folder of one test's own, removed with it.
final class ScratchFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("images-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    /// Writes a file at a path within, making the folders on the way.
    @discardableResult
    func write(_ bytes: [UInt8], _ path: String) throws -> URL {
        let file = url.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file
    }

    /// Makes a link at a path within, which leads to `target`, from where the link lies.
    func link(_ path: String, to target: String) throws {
        let link = url.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: target)
    }
}

/// The sentence of the error that `body` throws, or nothing if it throws none.
func complaint(_ body: () throws -> Void) -> String {
    do {
        try body()
        return ""
    } catch {
        return "\(error)"
    }
}

/// An image without symmetry or flat areas.
func pattern(width: Int, height: Int, channels: Int) -> Image {
    var pixels = [UInt8]()
    for y in 0..<height {
        for x in 0..<width {
            for c in 0..<channels {
                let value = x * x * 37 + y * y * 59 + x * y * 83 + 11 * c
                pixels.append(UInt8(value % 256))
            }
        }
    }
    return Image(width: width, height: height, channels: channels, pixels: pixels)
}

/// Files built byte by byte, so that no encoder under test vouches for its own decoder.
enum HandMade {
    /// A PNG file of one data chunk. `rows` holds each row as stored, without its filter byte.
    static func png(
        width: Int, height: Int, depth: UInt8, colour: UInt8, interlaced: Bool = false,
        extra: [(String, [UInt8])] = [], rows: [[UInt8]]
    ) -> [UInt8] {
        let shape = join(big(width), big(height), [depth, colour, 0, 0, interlaced ? 1 : 0])
        let filtered = rows.flatMap { join([0], $0) }
        let zlib = join([0x78, 0x01], deflateStored(filtered), big(adler32(filtered)))
        var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        for (name, data) in [("IHDR", shape)] + extra + [("IDAT", zlib), ("IEND", [])] {
            let chunk = join(Array(name.utf8), data)
            file += join(big(data.count), chunk, big(crc32(chunk)))
        }
        return file
    }

    static func gzip(_ data: [UInt8]) -> [UInt8] {
        join(
            [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255], deflateStored(data), little(crc32(data), 4),
            little(data.count, 4))
    }

    static func idx(_ shape: [Int], _ elements: [UInt8]) -> [UInt8] {
        join([0, 0, 8, UInt8(shape.count)], shape.flatMap(big), elements)
    }

    /// A zip archive whose members are stored, or deflated without compression.
    ///
    /// - Parameter statedSize: what the archive claims each member's size to be, if not the truth.
    static func zip(
        _ members: [(name: String, data: [UInt8])], deflated: Bool = false, statedSize: Int? = nil
    ) -> [UInt8] {
        var file = [UInt8]()
        var directory = [UInt8]()
        for (name, data) in members {
            let stored = deflated ? deflateStored(data) : data
            let common = join(
                [20, 0, 0, 0, deflated ? 8 : 0, 0, 0, 0, 0x21, 0], little(crc32(data), 4),
                little(stored.count, 4), little(statedSize ?? data.count, 4), little(name.utf8.count, 2),
                [0, 0])
            directory += join([0x50, 0x4B, 1, 2, 20, 0], common, [UInt8](repeating: 0, count: 10))
            directory += join(little(file.count, 4), Array(name.utf8))
            file += join([0x50, 0x4B, 3, 4], common, Array(name.utf8), stored)
        }
        let counts = join(little(members.count, 2), little(members.count, 2))
        let end = join(
            [0x50, 0x4B, 5, 6, 0, 0, 0, 0], counts, little(directory.count, 4), little(file.count, 4), [0, 0])
        return join(file, directory, end)
    }

    /// A tar archive of plain files, in the format ustar.
    static func tar(_ members: [(name: String, data: [UInt8])]) -> [UInt8] {
        func octal(_ value: Int, _ digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        var file: [UInt8] = []
        for (name, data) in members {
            var header = [UInt8](repeating: 0, count: 512)
            for (text, place) in [
                (name, 0), (octal(data.count, 11), 124), ("        ", 148), ("0", 156), ("ustar\u{0}00", 257),
            ] { header.replaceSubrange(place..<place + text.utf8.count, with: text.utf8) }
            let sum = header.reduce(0) { $0 + Int($1) }
            header.replaceSubrange(148..<155, with: "\(octal(sum, 6))\u{0}".utf8)
            file += join(header, data, [UInt8](repeating: 0, count: -data.count & 511))
        }
        return file + [UInt8](repeating: 0, count: 1_024)
    }

    private static func join(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

    static func big(_ value: Int) -> [UInt8] { little(value, 4).reversed() }

    private static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(value >> (8 * $0) & 255) }
    }

    /// RFC 1951, 3.2.4: blocks that hold their bytes as they are.
    private static func deflateStored(_ data: [UInt8]) -> [UInt8] {
        let starts = Array(stride(from: 0, to: max(data.count, 1), by: 65535))
        return starts.flatMap { start -> [UInt8] in
            let block = data[start..<min(start + 65535, data.count)]
            let size = little(block.count, 2)
            return join([start == starts.last ? 1 : 0], size, size.map { ~$0 }, Array(block))
        }
    }

    private static func crc32(_ data: [UInt8]) -> Int {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in data {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return Int(~crc)
    }

    private static func adler32(_ data: [UInt8]) -> Int {
        var (a, b) = (1, 0)
        for byte in data {
            a = (a + Int(byte)) % 65521
            b = (b + a) % 65521
        }
        return b << 16 | a
    }
}
