// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// A change of an image's size by the factor of two.
public enum Resampling: Sendable {
    /// To twice the height and width.
    case up
    /// To half of both.
    case down
}

/// The filter of a resampling: the outer product of some taps with themselves, its sum one.
///
/// Upwards, zeros go between the pixels and the filter is four times as strong; downwards, every other pixel of the
/// filtered image stays. Pixels beyond the border count as zero. Source: Song et al. 2021, appendix H (arXiv 2011.13456).
final class ResamplingFilter: Module {
    /// `[1, 1, k, k]`; checkpoints hold it, though there is nothing to choose.
    let kernel: Tensor
    /// Whether upwards every pixel is repeated.
    let repeatsPixels: Bool

    /// - Parameter taps: an even number of them.
    init(_ taps: [Double]) {
        precondition(taps.count.isMultiple(of: 2), "a filter of \(taps.count) taps would move the image")
        let row = Tensor(taps.map(Float.init), shape: [1, taps.count])
        let total = taps.reduce(0, +)
        kernel = (row.transposed(0, 1).matmul(row) / (total * total)).reshaped([1, 1, taps.count, taps.count])
        repeatsPixels = taps == [1, 1]
    }

    var children: [Child] { [.buffer("resample_filter", kernel)] }

    /// The pixels that the filter reaches beyond the border.
    private var padding: Int { kernel.shape[3] / 2 - 1 }

    func callAsFunction(_ x: Tensor, _ resampling: Resampling) -> Tensor {
        let (channels, height, width) = (x.shape[1], x.shape[2], x.shape[3])
        if repeatsPixels {
            return resampling == .up
                ? x.upsampledNearest(height: 2 * height, width: 2 * width)
                : x.averagePool2d(kernel: 2, stride: 2)
        }
        let weight = kernel.to(x.dtype).repeated([channels, 1, 1, 1])
        return resampling == .up
            ? x.conv2dTransposed(weight: 4 * weight, stride: 2, padding: padding, groups: channels)
            : x.conv2d(weight: weight, stride: 2, padding: padding, groups: channels)
    }

    /// The convolution of a weight `[out, in, k, k]` with the filter: one kernel for both, with stride two.
    func composed(with weight: Tensor) -> Tensor {
        let shape = weight.shape
        // Both are applied as correlations; the filter is symmetric, so its convolution is its correlation.
        let composed = weight.reshaped([shape[0] * shape[1], 1, shape[2], shape[3]])
            .conv2d(weight: kernel.to(weight.dtype), padding: kernel.shape[3] - 1)
        return composed.reshaped([shape[0], shape[1], composed.shape[2], composed.shape[3]])
    }

    /// The padding with which a kernel made by ``composed(with:)`` halves an image.
    func composedPadding(kernel size: Int) -> Int { size / 2 + padding }
}

/// A convolution that resamples its input, if asked; a kernel of size 0 resamples alone.
final class ResamplingConv2d: Module {
    private let conv: Conv2d?
    private let isPointwise: Bool
    private let resampling: Resampling?
    private let filter: ResamplingFilter?

    init(
        _ inputs: Int, _ outputs: Int, kernel: Int, resampling: Resampling?, style: UNetStyle,
        from stream: inout RandomStream
    ) {
        conv =
            kernel > 0
            ? Conv2d(
                inputs, outputs, kernel: kernel, initialisation: style.initialisation, from: &stream) : nil
        isPointwise = kernel == 1
        self.resampling = resampling
        filter = resampling == nil ? nil : ResamplingFilter(style.taps)
    }

    var children: [Child] { [.module("", conv), .module("", filter)] }

    func callAsFunction(_ x: Tensor) -> Tensor {
        guard let resampling, let filter else { return conv?(x) ?? x }
        guard let conv else { return filter(x, resampling) }
        // A pointwise convolution commutes with repeating pixels, and is cheaper before.
        if isPointwise && resampling == .up && filter.repeatsPixels { return filter(conv(x), .up) }
        return conv(filter(x, resampling))
    }
}

/// A convolution and a halving in one: what NCSN++ adds to its encoder at each lower resolution.
final class HalvingConv2d: Module {
    private let conv: Conv2d
    private let filter: ResamplingFilter

    init(_ inputs: Int, _ outputs: Int, style: UNetStyle, from stream: inout RandomStream) {
        conv = Conv2d(inputs, outputs, kernel: 3, initialisation: style.initialisation, from: &stream)
        filter = ResamplingFilter(style.taps)
    }

    // The layer is not a part by itself, since its weight alone is used.
    var children: [Child] { conv.children + filter.children }

    func callAsFunction(_ x: Tensor) -> Tensor {
        x.conv2d(
            weight: filter.composed(with: conv.weight).to(x.dtype).channelsLast(),
            bias: conv.bias?.to(x.dtype), stride: 2, padding: filter.composedPadding(kernel: 3))
    }
}
