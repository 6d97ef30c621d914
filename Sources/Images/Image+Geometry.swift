// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

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
    /// Width first, then height, each pass rounded to 8 bits: the steps of `PIL.Image.resize(..., LANCZOS)`
    /// up to Pillow 12, with which most published sets were made, so that results differ by at most one
    /// level.
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

/// The weights that make each output sample of a resized row from the input samples around it.
private struct LanczosWeights {
    /// Input samples an output sample is made of.
    let span: Int
    /// The first of them, for each output sample.
    let first: [Int]
    /// `span` weights for each output sample, which sum to 1.
    let values: [Float]

    init(from count: Int, to size: Int) {
        let scale = Double(count) / Double(size)
        let width = max(scale, 1)
        let span = min(count, Int((6 * width).rounded(.up)) + 1)
        self.span = span
        let centers = (0..<size).map { (Double($0) + 0.5) * scale }
        let first = centers.map { min(max(Int(($0 - 3 * width).rounded(.down)), 0), count - span) }
        self.first = first
        values = centers.indices.flatMap { i -> [Float] in
            let raw = (first[i]..<first[i] + span).map { lanczos((Double($0) + 0.5 - centers[i]) / width) }
            let sum = raw.reduce(0, +)
            return raw.map { Float($0 / sum) }
        }
    }
}

private func lanczos(_ x: Double) -> Double {
    if x == 0 { return 1 }
    if abs(x) >= 3 { return 0 }
    let angle = Double.pi * x
    return 3 * sin(angle) * sin(angle / 3) / (angle * angle)
}

/// Resamples the middle axis of an array of three axes to `size`.
private func resampled(_ input: [UInt8], _ shape: [Int], to size: Int) -> [UInt8] {
    let (outer, count, inner) = (shape[0], shape[1], shape[2])
    let weights = LanczosWeights(from: count, to: size)
    return [UInt8](unsafeUninitializedCapacity: outer * size * inner) { output, written in
        input.withUnsafeBufferPointer { input in
            for block in 0..<outer {
                for target in 0..<size {
                    let start = (block * count + weights.first[target]) * inner
                    let values = weights.values[target * weights.span..<(target + 1) * weights.span]
                    for i in 0..<inner {
                        var sum: Float = 0
                        var sample = start + i
                        for weight in values {
                            sum += weight * Float(input[sample])
                            sample += inner
                        }
                        output[written] = UInt8(min(max(sum.rounded(), 0), 255))
                        written += 1
                    }
                }
            }
        }
    }
}
