// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Foundation

/// What a file is by its first bytes, whatever its name: those kinds that people take for one another.
package enum ContentKind: Equatable, Sendable {
    case lfsPointer, webPage
    case safetensors, pickle, zip, numpyArray
    case gzip, hdf5, gguf, parquet, arrow, png, jpeg, webp
    case bmp, gif, tiff, avif, heic, jpegXL, jpeg2000, photoshop

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
        } else if let kind = Self.container(data) {
            self = kind
        } else if Self.pickleBeginnings.contains(where: { data.starts(with: $0.utf8) }) {
            self = .pickle
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
        (Array("ARROW1\0\0".utf8), .arrow), (Array("FEA1".utf8), .arrow),
        ([0x89] + Array("PNG\r\n".utf8), .png), ([0xFF, 0xD8, 0xFF], .jpeg),
        (Array("GIF87a".utf8), .gif), (Array("GIF89a".utf8), .gif), ([0x49, 0x49, 42, 0], .tiff),
        ([0x4D, 0x4D, 0, 42], .tiff), ([0x49, 0x49, 43, 0], .tiff), ([0x4D, 0x4D, 0, 43], .tiff),
        ([0xFF, 0x0A], .jpegXL), ([0, 0, 0, 12, 0x4A, 0x58, 0x4C, 0x20], .jpegXL),
        ([0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20], .jpeg2000), (Array("8BPS".utf8), .photoshop),
    ]

    /// Images whose kind stands some bytes after the beginning.
    private static func container(_ data: Data) -> ContentKind? {
        func text(_ offset: Int, _ count: Int) -> String {
            String(decoding: data.dropFirst(offset).prefix(count), as: UTF8.self)
        }
        if text(0, 4) == "RIFF", text(8, 4) == "WEBP" { return .webp }
        // Two letters are little; the unused bytes and the size of the header that follows are 0 and one of few.
        if text(0, 2) == "BM", data.dropFirst(6).prefix(4) == Data(count: 4),
            [12, 40, 52, 56, 64, 108, 124].contains(data.dropFirst(14).first)
        {
            return .bmp
        }
        guard text(4, 4) == "ftyp" else { return nil }
        switch text(8, 4) {
        case "avif", "avis": return .avif
        case "heic", "heix", "mif1", "msf1", "hevc": return .heic
        default: return nil
        }
    }

    /// How pickles of protocols 0 and 1 begin, which no number marks: a file of torch.save, a dictionary, a list, an object.
    private static let pickleBeginnings =
        ["L119547037146038801333356L\n.", "ccollections\n", "ccopy_reg\n", "cnumpy", "ctorch"]
        + ["(d", "(l"].flatMap { ["\($0)p0\n", "\($0)p1\n"] }
        + ["}", "]"].flatMap { ["\($0)q\u{0}", "\($0)q\u{1}"] }

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

    /// The name of an image's format that is not read; nil for all else.
    package var otherImage: String? {
        switch self {
        case .bmp: "BMP"
        case .gif: "GIF"
        case .tiff: "TIFF"
        case .avif: "AVIF"
        case .heic: "HEIC"
        case .jpegXL: "JPEG XL"
        case .jpeg2000: "JPEG 2000"
        case .photoshop: "Photoshop"
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
        case .arrow: "a table in Arrow"
        case .png: "a PNG image"
        case .jpeg: "a JPEG image"
        case .webp: "a WebP image"
        case .bmp, .gif, .tiff, .avif, .heic, .jpegXL, .jpeg2000, .photoshop:
            "an image in \(otherImage ?? "another format")"
        }
    }
}
