// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CImages
import Files
public import Foundation

extension Image {
    /// Reads a PNG, JPEG or WebP file, told apart by their signatures.
    ///
    /// Gray stays gray; palettes become RGB; 16 bits are rounded to 8; alpha is composited on white; of a file that moves, the first
    /// picture is taken.
    /// Orientation in EXIF data and colour profiles are not applied, as in most programs that read sets of images; data sets can
    /// apply the orientation. CMYK becomes RGB without a profile.
    ///
    /// - Throws: ``ImageError`` when the file cannot be read, is no image, is damaged, or is larger than
    ///   65535 pixels a side or 2^28 in all.
    public init(contentsOf url: URL) throws {
        try self.init(decoding: readFile(url), named: url.path)
    }

    /// Decodes a PNG, JPEG or WebP file held in memory, as ``init(contentsOf:)`` does.
    ///
    /// - Parameters:
    ///   - data: the whole file.
    ///   - name: what errors call it.
    public init(decoding data: Data, named name: String = "the image") throws {
        self = try Codec(data, named: name).decode()
    }

    /// Decodes a file, and turns it as its EXIF data asks for if that is wanted.
    init(decoding data: Data, named name: String, turned: Bool) throws {
        let codec = try Codec(data, named: name)
        let image = try codec.decode()
        self = turned ? codec.orientation.turned(image) : image
    }

    /// Reads the text chunks of a PNG file held in memory, in their order.
    ///
    /// - Parameters:
    ///   - data: the whole file.
    ///   - name: what errors call it.
    /// - Throws: ``ImageError`` as ``init(decoding:named:)`` does. Other files have no text.
    public static func text(decoding data: Data, named name: String = "the image") throws
        -> [(key: String, value: String)]
    {
        var texts = cimages_buffer()
        _ = try Codec(data, named: name).decode(texts: &texts)
        defer { cimages_release(texts) }
        let strings = UnsafeBufferPointer(start: texts.bytes, count: texts.count)
            .split(separator: 0, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        return stride(from: 0, to: strings.count - 1, by: 2).map { (strings[$0], strings[$0 + 1]) }
    }

    /// The image as a PNG file.
    ///
    /// - Parameter text: pairs to keep beside the pixels, such as a seed or a recipe's name. Keys are 1 to 79
    ///   printable ASCII characters.
    public func pngData(text: [(key: String, value: String)] = []) throws -> Data {
        for (key, value) in text {
            let printable = key.utf8.allSatisfy { (32...126).contains($0) }
            precondition(
                printable && (1...79).contains(key.utf8.count), "'\(key)' cannot be a key of PNG text")
            precondition(!value.utf8.contains(0), "the PNG text for '\(key)' holds a zero")
        }
        let packed = text.flatMap { Array($0.key.utf8CString) + Array($0.value.utf8CString) }
        return try encoded { cimages_png_encode(form, pixels, packed, packed.count, &$0, $1) }
    }

    /// The image as a JPEG file with chroma at full resolution.
    ///
    /// - Parameter quality: 1 (worst) to 100 (best), on libjpeg's scale.
    public func jpegData(quality: Int = 95) throws -> Data {
        precondition((1...100).contains(quality), "JPEG quality is 1 to 100, not \(quality)")
        return try encoded { cimages_jpeg_encode(form, pixels, Int32(quality), &$0, $1) }
    }

    /// Writes the image, whole or not at all: as PNG to a name in `.png`, as JPEG to one in `.jpg` or
    /// `.jpeg`.
    ///
    /// - Parameters:
    ///   - url: the file to write, or to replace.
    ///   - text: pairs to keep in a PNG file; JPEG has no place for them.
    /// - Throws: ``ImageError/unwritable(file:reason:)`` for another extension, `FileError`.
    public func write(to url: URL, text: [(key: String, value: String)] = []) throws {
        switch url.pathExtension.lowercased() {
        case "png": try writeAtomically(pngData(text: text), to: url)
        case "jpg", "jpeg": try writeAtomically(jpegData(), to: url)
        default:
            throw Self.unknownFormat(url)
        }
    }

    /// Whether a picture could be written to a place: by its name, and by its folder, which is there or can be made.
    ///
    /// - Throws: ``ImageError/unwritable(file:reason:)``, `FileError`.
    package static func checkPlace(_ url: URL) throws {
        guard ["png", "jpg", "jpeg"].contains(url.pathExtension.lowercased()) else {
            throw unknownFormat(url)
        }
        try requireWritable(file: url)
    }

    private static func unknownFormat(_ url: URL) -> ImageError {
        .unwritable(
            file: url.relativePath, reason: "its extension names no known format; use .png, .jpg or .jpeg")
    }

    private var form: cimages_form {
        cimages_form(width: UInt32(width), height: UInt32(height), channels: UInt32(channels))
    }

    private func encoded(
        _ encode: (inout cimages_buffer, UnsafeMutablePointer<CChar>) -> Bool
    ) throws -> Data {
        var file = cimages_buffer()
        let failure = reason { encode(&file, $0) }
        if let failure { throw ImageError.unwritable(file: "the image", reason: failure) }
        defer { cimages_release(file) }
        return Data(bytes: file.bytes, count: file.count)
    }
}
