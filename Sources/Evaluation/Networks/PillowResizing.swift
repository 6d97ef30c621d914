// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Images
import Torch

extension Tensor {
    /// Levels `[N, C, H, W]`, uint8 on the CPU, at another size, with the bits of `PIL.Image.resize` up to Pillow 12: width
    /// first, then height, each rounded to 8 bits.
    func resizedAsPillow(height: Int, width: Int, _ kernel: PillowWeights.Kernel) -> Tensor {
        let wide = resampledAsPillow(to: width, kernel)
        return wide.transposed(2, 3).resampledAsPillow(to: height, kernel).transposed(2, 3)
    }

    /// The middle `height` rows and `width` columns; an odd margin loses its extra pixel on the right or at the bottom.
    func centerCropped(height: Int, width: Int) -> Tensor {
        narrowed(dim: 2, start: (shape[2] - height) / 2, count: height)
            .narrowed(dim: 3, start: (shape[3] - width) / 2, count: width)
    }

    /// The last dimension at another size.
    private func resampledAsPillow(to size: Int, _ kernel: PillowWeights.Kernel) -> Tensor {
        let count = shape[3]
        guard size != count else { return self }
        // Whole numbers below 2^53: the product is exact in float64, in whatever order it is summed.
        let sums = to(.float64).matmul(PillowWeights(kernel, from: count, to: size).matrix(of: count))
        let one = Double(1 << PillowWeights.places)
        return ((sums + one / 2) / one).clamped(min: 0, max: 255).to(.uint8)
    }
}

extension PillowWeights {
    /// The weights as `[count, size]`, float64.
    fileprivate func matrix(of count: Int) -> Tensor {
        var matrix = [Double](repeating: 0, count: count * ranges.count)
        for (target, range) in ranges.enumerated() {
            for (offset, value) in values[range].enumerated() {
                matrix[(first[target] + offset) * ranges.count + target] = Double(value)
            }
        }
        return Tensor(matrix, shape: [count, ranges.count])
    }
}
