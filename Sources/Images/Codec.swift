// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CImages
import Files
import Foundation

/// An encoded image of any format that is read.
struct Codec {
    private enum Format { case png, jpeg, webp }

    private let data: Data
    private let name: String
    private let format: Format

    /// Recognises a file by its first bytes.
    ///
    /// - Throws: ``ImageError/otherFormat(file:format:)``, ``ImageError/notAnImage(file:)``.
    init(_ data: Data, named name: String) throws {
        switch ContentKind(data) {
        case .png: format = .png
        case .jpeg: format = .jpeg
        case .webp: format = .webp
        case let kind?:
            guard let other = kind.otherImage else { throw ImageError.notAnImage(file: name) }
            throw ImageError.otherFormat(file: name, format: other)
        case nil: throw ImageError.notAnImage(file: name)
        }
        self.data = data
        self.name = name
    }

    /// Reads `[channels, height, width]` from the header alone.
    func shape() throws -> [Int] {
        let form = try form()
        return [Int(form.channels), Int(form.height), Int(form.width)]
    }

    /// How the image is to be turned to be upright.
    var orientation: Orientation {
        switch format {
        case .png: .upright
        case .jpeg: Orientation(ofJPEG: data)
        case .webp: Orientation(ofWebP: data)
        }
    }

    /// Whether the beginning of the file tells how the image is to be turned: a WebP file has that at its end, if at all.
    var beginsWithOrientation: Bool { format != .webp || !Orientation.mayFollow(inWebP: data) }

    func decode(texts: UnsafeMutablePointer<cimages_buffer>? = nil) throws -> Image {
        let form = try form()
        let (width, height, channels) = (Int(form.width), Int(form.height), Int(form.channels))
        let count = width * height * channels
        let pixels = try [UInt8](unsafeUninitializedCapacity: count) { pixels, initialized in
            try call { file, size, error in
                switch format {
                case .png: cimages_png_decode(file, size, pixels.baseAddress, texts, error)
                case .jpeg: cimages_jpeg_decode(file, size, pixels.baseAddress, error)
                case .webp: cimages_webp_decode(file, size, pixels.baseAddress, error)
                }
            }
            initialized = count
        }
        return Image(width: width, height: height, channels: channels, pixels: pixels)
    }

    private func form() throws -> cimages_form {
        var form = cimages_form()
        try call { file, size, error in
            switch format {
            case .png: cimages_png_form(file, size, &form, error)
            case .jpeg: cimages_jpeg_form(file, size, &form, error)
            case .webp: cimages_webp_form(file, size, &form, error)
            }
        }
        return form
    }

    private func call(
        _ body: (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<CChar>) -> Bool
    ) throws {
        let failure = data.withUnsafeBytes { bytes in
            let file = bytes.assumingMemoryBound(to: UInt8.self)
            return reason { body(file.baseAddress, file.count, $0) }
        }
        if let failure { throw ImageError.damaged(file: name, reason: failure) }
    }
}
