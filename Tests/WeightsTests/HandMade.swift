// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Weights

/// Files of `torch.save`, made by hand. Pickles are texts in which each character, below 256, stands for a byte.
enum HandMade {
    /// A file of the legacy format, with one storage of four float32, 0 to 3, if the value refers to one.
    ///
    /// - Parameters:
    ///   - value: the instructions that make the value.
    ///   - stated: the number of elements that precedes the storage.
    static func legacy(_ value: String, key: String = "0", stated: UInt64 = 4) -> Data {
        let magic = "\u{80}\u{2}\u{8A}\u{A}l\u{FC}\u{9C}F\u{F9} j\u{A8}P\u{19}."
        let version = "\u{80}\u{2}M\u{E9}\u{3}."
        let system = "\u{80}\u{2}}(U\u{D}little_endian\u{88}u."
        guard value.contains("Storage") else {
            return bytes("\(magic)\(version)\(system)\u{80}\u{2}\(value).\u{80}\u{2}].")
        }
        let keys = "\u{80}\u{2}]\(text(key))a."
        let count = withUnsafeBytes(of: stated.littleEndian) { Data($0) }
        let elements = [Float](arrayLiteral: 0, 1, 2, 3).withUnsafeBytes { Data($0) }
        return bytes("\(magic)\(version)\(system)\u{80}\u{2}\(value).\(keys)") + count + elements
    }

    /// The instructions that make a tensor.
    static func tensor(
        shape: [Int] = [2, 2], strides: [Int] = [2, 1], offset: Int = 0, type: String = "torch\nFloatStorage",
        key: String = "0", count: Int = 4
    ) -> String {
        let storage = "(\(text("storage"))c\(type)\n\(text(key))\(text("cpu"))\(int(count))tQ"
        return
            "ctorch._utils\n_rebuild_tensor_v2\n(\(storage)\(int(offset))\(tuple(shape))\(tuple(strides))\u{89}NtR"
    }

    /// The instructions that make a dictionary of values whose instructions are given.
    static func dictionary(_ entries: (String, String)...) -> String {
        "}(\(entries.map { text($0.0) + $0.1 }.joined())u"
    }

    static func text(_ text: String) -> String { "X\(little(text.utf8.count))\(text)" }

    static func bytes(_ code: String) -> Data { Data(code.unicodeScalars.map { UInt8($0.value) }) }

    private static func int(_ value: Int) -> String { "L\(value)L\n" }

    private static func tuple(_ values: [Int]) -> String { "(\(values.map(int).joined())t" }

    private static func little(_ value: Int) -> String {
        String(
            String.UnicodeScalarView(
                (0..<4).map { Unicode.Scalar(UInt8(truncatingIfNeeded: value >> (8 * $0))) }))
    }
}

/// Reads weights from a file of these bytes, which goes afterwards.
///
/// - Returns: what is said of the file, which is called `FILE` there; nothing if it can be read.
func complaint(about data: Data, key: String? = nil) throws -> String {
    let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try data.write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    do {
        _ = try readForeignWeights(at: url, key: key)
        return ""
    } catch {
        return "\(error)".replacing(url.path, with: "FILE")
    }
}
