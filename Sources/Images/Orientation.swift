// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// How a camera's image is to be turned to be upright: the number that EXIF calls orientation, 1 to 8.
///
/// Source: CIPA DC-008 (EXIF 2.32), tag 0x0112; TIFF 6.0, section 2.
struct Orientation: Equatable {
    /// As it is.
    static let upright = Orientation(number: 1)

    private let number: Int

    private init(number: Int) { self.number = number }

    /// What the start of a JPEG file says; upright where it says nothing that makes sense.
    init(ofJPEG data: Data) {
        number = data.withUnsafeBytes { Self.exif(in: $0).flatMap(Self.orientation) } ?? 1
    }

    /// What a WebP file says; upright where it says nothing that makes sense.
    init(ofWebP data: Data) {
        number = data.withUnsafeBytes { Self.exif(inWebP: $0).flatMap(Self.orientation) } ?? 1
    }

    /// Whether a WebP file has EXIF data beyond the bytes at hand.
    static func mayFollow(inWebP data: Data) -> Bool {
        data.withUnsafeBytes { file in
            file.count > 20 && file[12..<16].elementsEqual("VP8X".utf8) && file[20] & 0x08 != 0
                && exif(inWebP: file) == nil
        }
    }

    /// Whether height and width change places.
    var swapsSides: Bool { number >= 5 }

    /// The shape `[C, H, W]` of a turned image.
    func shape(_ shape: [Int]) -> [Int] { swapsSides ? [shape[0], shape[2], shape[1]] : shape }

    /// Turns an image.
    func turned(_ image: Image) -> Image {
        guard self != .upright else { return image }
        let (width, height, channels) = (image.width, image.height, image.channels)
        // In which direction the columns and rows of the result follow the stored ones.
        let (flipsX, flipsY) = ([2, 3, 7, 8].contains(number), [3, 4, 6, 7].contains(number))
        let (newWidth, newHeight) = swapsSides ? (height, width) : (width, height)
        var pixels: [UInt8] = []
        pixels.reserveCapacity(image.pixels.count)
        for y in 0..<newHeight {
            for x in 0..<newWidth {
                let (column, row) = swapsSides ? (y, x) : (x, y)
                let start =
                    ((flipsY ? height - 1 - row : row) * width + (flipsX ? width - 1 - column : column))
                    * channels
                pixels += image.pixels[start..<start + channels]
            }
        }
        return Image(width: newWidth, height: newHeight, channels: channels, pixels: pixels)
    }

    /// The TIFF structure in the chunk of EXIF data, a name, a size and content as others have.
    private static func exif(inWebP file: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer>? {
        var position = 12
        while position + 8 <= file.count {
            let size = (0..<4).reduce(0) { $0 | Int(file[position + 4 + $1]) << (8 * $1) }
            let end = position + 8 + size
            guard end <= file.count else { return nil }
            if file[position..<position + 4].elementsEqual("EXIF".utf8) {
                let content = file[position + 8..<end]
                // Some programs repeat the name that the data has in a JPEG file.
                return content.starts(with: exifName) ? content.dropFirst(exifName.count) : content
            }
            position = end + size % 2
        }
        return nil
    }

    private static let exifName: [UInt8] = [0x45, 0x78, 0x69, 0x66, 0, 0]

    /// The TIFF structure within the first segment of EXIF data.
    private static func exif(in file: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer>? {
        var position = 2
        while position + 4 <= file.count, file[position] == 0xFF, file[position + 1] != 0xDA {
            let end = position + 2 + Int(file[position + 2]) << 8 + Int(file[position + 3])
            guard end <= file.count, end > position + 3 else { return nil }
            let content = file[position + 4..<end]
            if file[position + 1] == 0xE1, content.starts(with: exifName) {
                return content.dropFirst(exifName.count)
            }
            position = end
        }
        return nil
    }

    private static func orientation(_ tiff: Slice<UnsafeRawBufferPointer>) -> Int? {
        let isLittle = tiff.starts(with: [0x49, 0x49, 42, 0])
        guard isLittle || tiff.starts(with: [0x4D, 0x4D, 0, 42]) else { return nil }
        func number(at offset: Int, bytes: Int) -> Int? {
            let start = tiff.startIndex + offset
            guard offset >= 0, start + bytes <= tiff.endIndex else { return nil }
            let digits = tiff[start..<start + bytes]
            return (isLittle ? Array(digits.reversed()) : Array(digits)).reduce(0) { $0 << 8 | Int($1) }
        }
        guard let first = number(at: 4, bytes: 4), let count = number(at: first, bytes: 2) else { return nil }
        for entry in 0..<count {
            let start = first + 2 + 12 * entry
            guard let tag = number(at: start, bytes: 2) else { return nil }
            guard tag == 0x0112 else { continue }
            return number(at: start + 8, bytes: 2).flatMap { (1...8).contains($0) ? $0 : nil }
        }
        return nil
    }
}
