// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Foundation

/// What a file is by its first bytes, whatever its name: those kinds that people take for one another.
package enum ContentKind: Equatable, Sendable {
    case lfsPointer, webPage
    case safetensors, pickle, zip, numpyArray
    case gzip, hdf5, gguf, parquet, png, jpeg

    /// Nil if the file is of no kind that is known here.
    package init?(_ data: Data) {
        // A header's size in eight bytes and a brace; the size may begin with the bytes of a pickle or a zip archive.
        let isSafetensors =
            data.count > 8 && data[data.startIndex + 8] == UInt8(ascii: "{")
            && data.dropFirst(4).prefix(4) == Data(count: 4)
        if isSafetensors {
            self = .safetensors
        } else if let kind = Self.signatures.first(where: { data.starts(with: $0.bytes) })?.kind {
            self = kind
        } else if data.count >= 2, data[data.startIndex] == 0x80, (2...5).contains(data[data.startIndex + 1])
        {
            self = .pickle
        } else if Self.isWebPage(data) {
            self = .webPage
        } else {
            return nil
        }
    }

    private static let signatures: [(bytes: [UInt8], kind: ContentKind)] = [
        (Array("version https://git-lfs.github.com/spec/v1".utf8), .lfsPointer),
        ([0x50, 0x4B, 3, 4], .zip), ([0x93] + Array("NUMPY".utf8), .numpyArray), ([0x1F, 0x8B], .gzip),
        ([0x89] + Array("HDF\r\n".utf8), .hdf5), (Array("GGUF".utf8), .gguf), (Array("PAR1".utf8), .parquet),
        ([0x89] + Array("PNG\r\n".utf8), .png), ([0xFF, 0xD8, 0xFF], .jpeg),
    ]

    /// What servers send in place of a file: a page in HTML, or an error in XML.
    private static func isWebPage(_ data: Data) -> Bool {
        let start = String(decoding: data.prefix(200), as: UTF8.self).lowercased()
            .trimmingPrefix { $0.isWhitespace || $0 == "\u{FEFF}" }
        return start.hasPrefix("<!doctype html") || start.hasPrefix("<html")
            || start.hasPrefix("<?xml") && start.contains("<error>")
    }

    /// What the file is, and what to do if it stands in the place of another: a clause. Nil if it is a file in its own right.
    package var substitute: String? {
        switch self {
        case .lfsPointer:
            "it is a pointer of Git LFS in the place of the file: run `git lfs pull` where it was cloned"
        case .webPage: "it is a web page in the place of the file: download it again, logged in if need be"
        default: nil
        }
    }

    /// What the file is, in a few words.
    package var words: String {
        switch self {
        case .lfsPointer: "a pointer of Git LFS"
        case .webPage: "a web page"
        case .safetensors: "a safetensors file"
        case .pickle: "a pickle"
        case .zip: "a zip archive"
        case .numpyArray: "an array of NumPy"
        case .gzip: "a gzip file"
        case .hdf5: "an HDF5 file"
        case .gguf: "a GGUF file"
        case .parquet: "a table in Parquet"
        case .png: "a PNG image"
        case .jpeg: "a JPEG image"
        }
    }
}
