// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// An 8-bit picture, gray or RGB.
public struct Image: Sendable, Equatable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// 1 (gray) or 3 (red, green, blue).
    public let channels: Int
    /// `height * width * channels` values: rows from the top, pixels from the left, a pixel's channels
    /// together.
    public internal(set) var pixels: [UInt8]

    /// Makes an image from its pixels.
    ///
    /// - Parameters:
    ///   - width: pixels in a row, at least 1.
    ///   - height: rows, at least 1.
    ///   - channels: 1 (gray) or 3 (red, green, blue).
    ///   - pixels: `height * width * channels` values, laid out as ``pixels``.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0, "an image needs a positive size, not \(width) x \(height)")
        precondition(channels == 1 || channels == 3, "an image has 1 or 3 channels, not \(channels)")
        precondition(
            pixels.count == width * height * channels,
            "\(pixels.count) values do not fill \(width) x \(height) x \(channels)")
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// Makes an image of one `level` (0 black, 255 white) in every channel.
    public init(width: Int, height: Int, channels: Int, level: UInt8) {
        let pixels = [UInt8](repeating: level, count: width * height * channels)
        self.init(width: width, height: height, channels: channels, pixels: pixels)
    }

    /// The image in RGB: gray is repeated.
    public var rgb: Image {
        guard channels == 1 else { return self }
        let repeated = pixels.flatMap { repeatElement($0, count: 3) }
        return Image(width: width, height: height, channels: 3, pixels: repeated)
    }

    /// The image in gray: luma of ITU-R BT.601, `0.299 R + 0.587 G + 0.114 B`, rounded.
    public var gray: Image {
        guard channels == 3 else { return self }
        let weights = [299, 587, 114]
        let levels = stride(from: 0, to: pixels.count, by: 3).map { start -> UInt8 in
            var luma = 500
            for (c, weight) in weights.enumerated() { luma += weight * Int(pixels[start + c]) }
            return UInt8(luma / 1000)
        }
        return Image(width: width, height: height, channels: 1, pixels: levels)
    }

    /// Sets a rectangle, which must lie inside, to one level.
    mutating func fill(x: Int, y: Int, width: Int, height: Int, level: UInt8) {
        for row in y..<y + height {
            let start = (row * self.width + x) * channels
            for i in start..<start + width * channels { pixels[i] = level }
        }
    }

    /// Copies `other`, of as many channels, with its top left pixel at (`x`, `y`); it must fit.
    mutating func paste(_ other: Image, x: Int, y: Int) {
        let length = other.width * channels
        for row in 0..<other.height {
            let target = ((y + row) * width + x) * channels
            pixels.replaceSubrange(
                target..<target + length, with: other.pixels[row * length..<(row + 1) * length])
        }
    }
}
