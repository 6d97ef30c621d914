// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// A convolution of images with a square kernel, padded with zeros; a kernel of odd size by default so that the image keeps
/// its size, or a stride's part of it.
///
/// The weight lies channels-last in memory, which makes the output channels-last too: convolutions run fastest so.
public final class Conv2d: Int8Layer {
    /// `[outputs, inputs, kernel, kernel]`, int8 where the layer has ``Int8Layer/int8``.
    public let weight: Tensor
    /// `[outputs]`, or none.
    public let bias: Tensor?
    private let stride: Int
    private let padding: Int
    /// How products are made now.
    public let products = Setting(LayerProducts.asGiven)

    /// A new layer.
    ///
    /// - Parameters:
    ///   - inputs: the channels of the input.
    ///   - outputs: the channels of the output.
    ///   - kernel: the size of the kernel, odd unless the padding is given.
    ///   - stride: how far apart the pixels are that the outputs are made around.
    ///   - padding: how many zeros are around the image; half of the kernel if not given.
    ///   - bias: whether a number for each output channel is added.
    ///   - initialisation: how weight and bias are drawn.
    ///   - stream: what they are drawn from.
    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int? = nil, bias: Bool = true,
        initialisation: Initialisation = .xavierUniform(), from stream: inout RandomStream
    ) {
        precondition(
            padding != nil || !kernel.isMultiple(of: 2), "a kernel of size \(kernel) has no centre")
        let shape = [outputs, inputs, kernel, kernel]
        weight = initialisation.weight(shape, from: &stream).channelsLast()
        self.bias = bias ? initialisation.bias(ofWeight: shape, from: &stream) : nil
        self.stride = stride
        self.padding = padding ?? kernel / 2
    }

    /// `weight` and `bias`.
    public var children: [Child] { [.parameter("weight", weight), .parameter("bias", bias)] }

    /// Stride and padding.
    public var convolution: (stride: Int, padding: Int)? { (stride, padding) }

    /// Applies the layer to `x` `[N, inputs, H, W]`, in the type of `x`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        products(of: x) {
            $0.conv2d(weight: weight(for: $0), bias: bias?.to(x.dtype), stride: stride, padding: padding)
        }
    }
}
