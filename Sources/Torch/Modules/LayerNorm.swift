// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// Layer normalisation: zero mean and unit variance over the last dimension, then a scale and an offset for each of its
/// entries. Source: Ba et al. 2016 (arXiv 1607.06450).
public final class LayerNorm: Module {
    /// The scales, `[size]`; one at first.
    public let weight: Tensor
    /// The offsets, `[size]`; zero at first.
    public let bias: Tensor
    private let epsilon: Double

    /// A new layer.
    ///
    /// - Parameters:
    ///   - size: that of the last dimension.
    ///   - epsilon: added to the variance.
    public init(_ size: Int, epsilon: Double = 1e-5) {
        weight = .ones([size])
        bias = .zeros([size])
        self.epsilon = epsilon
    }

    /// `weight` and `bias`.
    public var children: [Child] { [.parameter("weight", weight), .parameter("bias", bias)] }

    /// Applies the layer to `x` `[..., size]`, in the type of `x`; mean and variance are float32 at least.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.layerNorm(weight: weight.to(x.dtype), bias: bias.to(x.dtype), epsilon: epsilon)
    }
}
