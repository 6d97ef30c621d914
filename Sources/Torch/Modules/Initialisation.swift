// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// How the weights of a new layer are drawn.
public enum Initialisation: Sendable, Equatable {
    /// All zero.
    case zeros
    /// Uniform in `[-b, b]` with `b = gain sqrt(6 / (fanIn + fanOut))`: the variance of activations and of gradients
    /// stays about the same from layer to layer. Source: Glorot and Bengio 2010, equation 16.
    case xavierUniform(gain: Double = 1)

    /// Draws a weight of shape `[out, in, ...]`, float32 on the CPU; the sizes after `in` are those of a kernel.
    public func weight(_ shape: [Int], from stream: inout RandomStream) -> Tensor {
        switch self {
        case .zeros: return .zeros(shape)
        case .xavierUniform(let gain):
            let kernel = shape.dropFirst(2).reduce(1, *)
            let bound = gain * (6 / Double(kernel * (shape[0] + shape[1]))).squareRoot()
            return (stream.uniform(shape) * 2 - 1) * bound
        }
    }
}
