// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// An affine map `y = x W^T + b` of the last dimension.
public final class Linear: Int8Layer {
    /// `W`, `[outputs, inputs]`, int8 where the layer has ``Int8Layer/int8``.
    public let weight: Tensor
    /// `b`, `[outputs]`, or none.
    public let bias: Tensor?
    /// How products are made now.
    public let products = Setting(LayerProducts.asGiven)

    /// A new layer.
    ///
    /// - Parameters:
    ///   - inputs: the size of the last dimension of `x`.
    ///   - outputs: that of `y`.
    ///   - bias: whether there is a `b`.
    ///   - initialisation: how `W` and `b` are drawn.
    ///   - stream: what they are drawn from.
    public init(
        _ inputs: Int, _ outputs: Int, bias: Bool = true, initialisation: Initialisation = .xavierUniform(),
        from stream: inout RandomStream
    ) {
        let shape = [outputs, inputs]
        weight = initialisation.weight(shape, from: &stream)
        self.bias = bias ? initialisation.bias(ofWeight: shape, from: &stream) : nil
    }

    /// `weight` and `bias`.
    public var children: [Child] { [.parameter("weight", weight), .parameter("bias", bias)] }

    /// Applies the layer to `x` `[..., inputs]`, in the type of `x`.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        products(of: x) { $0.linear(weight: weight(for: $0), bias: bias?.to(x.dtype)) }
    }

    /// None.
    public var convolution: (stride: Int, padding: Int)? { nil }
}
