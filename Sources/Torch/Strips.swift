// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// When a large image goes through a network in strips.
package enum Strips {
    /// The elements from which on a tensor is large: 512 MB.
    @TaskLocal package static var leastElements = 1 << 27
}

extension Tensor {
    /// Whether to treat this `[N, C, H, W]` in strips: on the CPU, where it is large, and no gradient is asked for.
    package var goesInStrips: Bool { goesInStrips(enlarged: 1) }

    /// The same of what becomes so many times as large.
    package func goesInStrips(enlarged factor: Int) -> Bool {
        device == .cpu && !requiresGrad && factor * count >= Strips.leastElements
    }
}

/// Applies `body` to an image in strips of rows, so that memory holds what it makes on the way for one strip alone. Each strip has the
/// rows beside it that its own depend on, so that no seam shows: results differ by rounding alone.
///
/// - Parameters:
///   - x: `[N, C, H, W]`.
///   - rows: those of a strip.
///   - halo: on how many rows above and below a row of the result depends.
///   - scale: the rows of the result for each of `x`.
///   - body: makes `[N, C', scale h, W']` of `[N, C, h, W]`; beyond the edges of what it is given it sees what it would beyond the image's.
/// - Returns: `[N, C', scale H, W']`, channels-last, without gradient.
package func inStrips(
    _ x: Tensor, rows: Int = 64, halo: Int = 1, scale: Int = 1, _ body: (Tensor) -> Tensor
) -> Tensor {
    withoutGradients {
        let height = x.shape[2]
        var result: Tensor?
        for start in stride(from: 0, to: height, by: rows) {
            let end = min(start + rows, height)
            let (first, last) = (max(0, start - halo), min(height, end + halo))
            let made = body(x.narrowed(dim: 2, start: first, count: last - first))
            let own = made.narrowed(dim: 2, start: scale * (start - first), count: scale * (end - start))
            let whole =
                result
                ?? .empty(
                    [made.shape[0], made.shape[1], scale * height, made.shape[3]], isChannelsLast: true,
                    dtype: made.dtype)
            whole.narrowed(dim: 2, start: scale * start, count: scale * (end - start)).copy(from: own)
            result = whole
            LibTorch.returnFreedMemory()
        }
        guard let result else { preconditionFailure("an image has rows") }
        return result
    }
}

/// `silu(norm(x))` of an image in strips, whose mean and variance are those of the whole.
package struct StripNormalisation {
    private let scale: Tensor
    private let offset: Tensor

    /// Applies the layer to a strip.
    package func silu(_ strip: Tensor) -> Tensor {
        var normed = strip * scale
        normed += offset
        return normed.silu()
    }

    fileprivate init(scale: Tensor, offset: Tensor) { (self.scale, self.offset) = (scale, offset) }
}

extension GroupNorm {
    /// The layer for strips of an image.
    ///
    /// - Parameter x: the whole image, `[N, channels, H, W]`.
    package func inStrips(of x: Tensor) -> StripNormalisation {
        let (batch, channels, height, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        var (sum, squares) = (
            Tensor.zeros([batch, channels], dtype: .float64),
            Tensor.zeros([batch, channels], dtype: .float64)
        )
        for start in stride(from: 0, to: height, by: 16) {
            let strip = x.narrowed(dim: 2, start: start, count: min(16, height - start)).to(.float64)
            sum = sum + strip.sum(dims: [2, 3])
            squares = squares + strip.square().sum(dims: [2, 3])
        }
        func ofGroups(_ x: Tensor) -> Tensor {
            let share = channels / groups
            let total =
                x.reshaped([batch, groups, share]).sum(dims: [2], keepDims: true)
                / Double(share * height * width)
            return (total + Tensor.zeros([batch, groups, share], dtype: .float64)).reshaped([batch, channels])
        }
        let mean = ofGroups(sum)
        let variance = ofGroups(squares) - mean.square()
        let factor = weight.to(.float64) / (variance + epsilon).sqrt()
        func everywhere(_ x: Tensor) -> Tensor { x.to(self.weight.dtype).reshaped([batch, channels, 1, 1]) }
        return StripNormalisation(
            scale: everywhere(factor), offset: everywhere(bias.to(.float64) - mean * factor))
    }
}
