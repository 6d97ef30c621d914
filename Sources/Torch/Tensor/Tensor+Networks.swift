// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch

/// The operations that networks are made of, on images `[N, C, H, W]`.
extension Tensor {
    private static let _conv2d = Operator("aten::conv2d")
    private static let _conv2dTransposed = Operator("aten::conv_transpose2d.input")
    private static let _attention = Operator("aten::scaled_dot_product_attention")
    private static let _linear = Operator("aten::linear")
    private static let _groupNorm = Operator("aten::group_norm")
    private static let _layerNorm = Operator("aten::layer_norm")
    private static let _pad = Operator("aten::constant_pad_nd")
    private static let _bilinear = Operator("aten::upsample_bilinear2d")
    private static let _antialiased = Operator("aten::_upsample_bilinear2d_aa")
    private static let _nearest = Operator("aten::upsample_nearest2d")
    private static let _averagePool = Operator("aten::avg_pool2d")
    private static let _maxPool = Operator("aten::max_pool2d")
    private static let _mseLoss = Operator("aten::mse_loss")

    /// A convolution with `weight` `[out, in / groups, kH, kW]` and `bias` `[out]`.
    ///
    /// See ``LibTorch/withExactConvolutions(_:)`` on how it is made.
    public func conv2d(
        weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, groups: Int = 1
    ) -> Tensor {
        let arguments: [Operator.Argument] = [
            .tensor(self), .tensor(weight), .optional(bias), .ints([stride, stride]),
            .ints([padding, padding]), .ints([1, 1]), .int(groups),
        ]
        let keepsSize =
            stride == 1 && padding == 1 && groups == 1 && weight.rank == 4
            && ct_tensor_size(weight.raw, 2) == 3 && ct_tensor_size(weight.raw, 3) == 3
        guard keepsSize else { return Self._conv2d(arguments) }
        var result = ct_tensor(impl: nil)
        check(
            ct_conv3x3(&result, raw, weight.raw, bias?.raw ?? ct_tensor(impl: nil)),
            "conv2d of \(summary) with \(weight.summary)")
        let convolved = Tensor(owning: result)
        Recorder.current?.called(Self._conv2d.name, arguments, [convolved])
        return convolved
    }

    /// The transpose of a convolution with `weight` `[in, out / groups, kH, kW]`.
    public func conv2dTransposed(weight: Tensor, stride: Int = 1, padding: Int = 0, groups: Int = 1) -> Tensor
    {
        Self._conv2dTransposed(
            .tensor(self), .tensor(weight), .none, .ints([stride, stride]), .ints([padding, padding]),
            .ints([0, 0]), .int(groups))
    }

    /// `softmax(q k^T / sqrt(d)) v`, with the softmax in float32 at least; the weights of all pairs need not be in memory
    /// at once.
    ///
    /// - Parameters:
    ///   - query: `[..., n, d]`.
    ///   - key: `[..., m, d]`.
    ///   - value: `[..., m, d]`.
    ///   - isCausal: whether each query sees only the keys up to its own number, with `n` equal to `m`.
    /// - Returns: `[..., n, d]`.
    public static func attention(
        query: Tensor, key: Tensor, value: Tensor, isCausal: Bool = false
    ) -> Tensor {
        _attention(.tensor(query), .tensor(key), .tensor(value), .none, 0.0, .bool(isCausal))
    }

    /// `x W^T + b` with `weight` `[out, in]` and `bias` `[out]`.
    public func linear(weight: Tensor, bias: Tensor? = nil) -> Tensor {
        Self._linear(.tensor(self), .tensor(weight), .optional(bias))
    }

    /// Zero mean and unit variance over each group of channels of a sample, then `weight` and `bias` `[C]`.
    public func groupNorm(groups: Int, weight: Tensor?, bias: Tensor?, epsilon: Double) -> Tensor {
        Self._groupNorm(.tensor(self), .int(groups), .optional(weight), .optional(bias), .double(epsilon))
    }

    /// Zero mean and unit variance over the last dimension, then `weight` and `bias`, each as long as that dimension.
    public func layerNorm(weight: Tensor, bias: Tensor, epsilon: Double) -> Tensor {
        Self._layerNorm(
            .tensor(self), .ints(weight.shape), .tensor(weight), .tensor(bias), .double(epsilon))
    }

    /// Zeros around an image.
    public func padded(left: Int = 0, right: Int = 0, top: Int = 0, bottom: Int = 0) -> Tensor {
        Self._pad(.tensor(self), .ints([left, right, top, bottom]))
    }

    /// Bilinear resizing with half-pixel centres and no antialiasing.
    public func interpolatedBilinear(height: Int, width: Int) -> Tensor {
        Self._bilinear(.tensor(self), .ints([height, width]), false)
    }

    /// Bilinear resizing with half-pixel centres; what shrinks is averaged over all pixels that a new one covers.
    public func interpolatedBilinearAntialiased(height: Int, width: Int) -> Tensor {
        Self._antialiased(.tensor(self), .ints([height, width]), false)
    }

    /// Every pixel repeated to the new size.
    public func upsampledNearest(height: Int, width: Int) -> Tensor {
        Self._nearest(.tensor(self), .ints([height, width]))
    }

    /// Means over windows.
    public func averagePool2d(kernel: Int, stride: Int, padding: Int = 0) -> Tensor {
        Self._averagePool(
            .tensor(self), .ints([kernel, kernel]), .ints([stride, stride]), .ints([padding, padding]))
    }

    /// Maxima over windows.
    public func maxPool2d(kernel: Int, stride: Int, padding: Int = 0) -> Tensor {
        Self._maxPool(
            .tensor(self), .ints([kernel, kernel]), .ints([stride, stride]), .ints([padding, padding]))
    }

    /// The mean of the squared differences.
    public func meanSquaredError(to other: Tensor) -> Tensor { Self._mseLoss(.tensor(self), .tensor(other)) }
}
