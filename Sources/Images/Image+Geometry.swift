// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

extension Image {
    /// The largest square around the middle; an odd margin loses its extra pixel on the right or at the
    /// bottom.
    public func centerCropped() -> Image {
        guard width != height else { return self }
        let side = min(width, height)
        let left = (width - side) / 2
        let top = (height - side) / 2
        let rows = (top..<top + side).flatMap { row in
            let start = (row * width + left) * channels
            return pixels[start..<start + side * channels]
        }
        return Image(width: side, height: side, channels: channels, pixels: rows)
    }

    /// The image at another size, by Lanczos's kernel of three lobes, widened when shrinking so that nothing
    /// aliases.
    ///
    /// ```text
    /// L(x) = sinc(x) sinc(x / 3) for |x| < 3, else 0
    /// out[i] = sum_j L((j + 1/2 - c) / w) in[j] / sum_j L((j + 1/2 - c) / w)
    /// c = (i + 1/2) s,  w = max(s, 1),  s = size in / size out
    /// ```
    ///
    /// Width first, then height, each pass rounded to 8 bits, with weights rounded to 2^-22: the steps of
    /// `PIL.Image.resize(..., LANCZOS)` up to Pillow 12, with which most published sets were made. The result
    /// is the same bit for bit.
    public func resized(width: Int, height: Int) -> Image {
        precondition(width > 0 && height > 0, "an image needs a positive size, not \(width) x \(height)")
        var pixels = pixels
        if width != self.width {
            pixels = resampled(pixels, [self.height, self.width, channels], to: width)
        }
        if height != self.height {
            pixels = resampled(pixels, [1, self.height, width * channels], to: height)
        }
        return Image(width: width, height: height, channels: channels, pixels: pixels)
    }

    /// The image with every pixel repeated `factor` times in both directions.
    public func enlarged(by factor: Int) -> Image {
        precondition(factor > 0, "the factor must be positive, not \(factor)")
        guard factor > 1 else { return self }
        var result = Image(width: width * factor, height: height * factor, channels: channels, level: 0)
        for y in 0..<result.height {
            for x in 0..<result.width {
                let from = (y / factor * width + x / factor) * channels
                let to = (y * result.width + x) * channels
                for c in 0..<channels { result.pixels[to + c] = pixels[from + c] }
            }
        }
        return result
    }
}

/// Resamples the middle axis of an array of three axes to `size`.
private func resampled(_ input: [UInt8], _ shape: [Int], to size: Int) -> [UInt8] {
    let (outer, count, inner) = (shape[0], shape[1], shape[2])
    let weights = PillowWeights(.lanczos, from: count, to: size)
    let half = Int32(1) << (PillowWeights.places - 1)
    return [UInt8](unsafeUninitializedCapacity: outer * size * inner) { output, written in
        input.withUnsafeBufferPointer { input in
            for block in 0..<outer {
                for target in 0..<size {
                    let start = (block * count + weights.first[target]) * inner
                    let values = weights.values[weights.ranges[target]]
                    for i in 0..<inner {
                        var sum = half
                        var sample = start + i
                        for weight in values {
                            sum &+= weight &* Int32(input[sample])
                            sample += inner
                        }
                        output[written] = UInt8(min(max(sum >> PillowWeights.places, 0), 255))
                        written += 1
                    }
                }
            }
        }
    }
}
