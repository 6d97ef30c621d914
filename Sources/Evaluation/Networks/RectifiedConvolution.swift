// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// A convolution with the batch normalisation and the rectifier that follow it.
struct RectifiedConvolution: InceptionLayer {
    /// What becomes of a result.
    enum Rectifier {
        /// `max(x, 0)`.
        case relu
        /// `min(max(x, 0), 6)`.
        case relu6
    }

    private static let convolution = Operator("aten::conv2d")
    private static let relu = Operator("aten::relu_")
    private static let relu6 = Operator("aten::relu6_")

    /// `[out, in / groups, kH, kW]`, and `[out]`, with the normalisation in them.
    let weight: Tensor
    let bias: Tensor
    var stride = 1
    var padding = [0, 0]
    var groups = 1
    var rectifier = Rectifier.relu

    func callAsFunction(_ x: Tensor) -> Tensor {
        let result = linear(x)
        return switch rectifier {
        case .relu: Self.relu(.tensor(result))
        case .relu6: Self.relu6(.tensor(result))
        }
    }

    /// Without the rectifier.
    func linear(_ x: Tensor) -> Tensor {
        Self.convolution(
            .tensor(x), .tensor(weight), .tensor(bias), .ints([stride, stride]), .ints(padding),
            .ints([1, 1]),
            .int(groups))
    }
}
