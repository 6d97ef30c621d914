// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// A change of an image's size by the factor of two, with the filter `[1, 1]`: each pixel repeated, or the mean of four.
public enum Resampling: Sendable {
    /// To twice the height and width.
    case up
    /// To half of both.
    case down

    func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .up: x.upsampledNearest(height: 2 * x.shape[2], width: 2 * x.shape[3])
        case .down: x.averagePool2d(kernel: 2, stride: 2)
        }
    }
}

/// A convolution that resamples its input, if asked.
final class ResamplingConv2d: Module {
    private let conv: Conv2d
    private let resampling: Resampling?
    private let isPointwise: Bool

    /// The outer product of the filter with itself; checkpoints hold it, though there is nothing to choose.
    private let filter: Tensor?

    init(
        _ inputs: Int, _ outputs: Int, kernel: Int, resampling: Resampling?, from stream: inout RandomStream
    ) {
        conv = Conv2d(inputs, outputs, kernel: kernel, from: &stream)
        self.resampling = resampling
        isPointwise = kernel == 1
        filter = resampling == nil ? nil : .full([1, 1, 2, 2], value: 0.25)
    }

    var members: [Member] { conv.members + [.buffer("resample_filter", filter)] }

    func callAsFunction(_ x: Tensor) -> Tensor {
        guard let resampling else { return conv(x) }
        // A pointwise convolution commutes with repeating pixels, and is cheaper before.
        return isPointwise && resampling == .up ? resampling(conv(x)) : conv(resampling(x))
    }
}
