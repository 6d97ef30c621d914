// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// How the weights of a new layer are drawn.
public enum Initialisation: Sendable, Equatable {
    /// Whatever is in memory, for weights that are about to be loaded.
    case none
    /// All zero.
    case zeros
    /// Uniform in `[-b, b]` with `b = gain sqrt(6 / (fanIn + fanOut))`, biases zero: the variance of activations and of
    /// gradients stays about the same from layer to layer. Source: Glorot and Bengio 2010, equation 16.
    case xavierUniform(gain: Double = 1)
    /// Weights and biases uniform in `[-b, b]` with `b = 1 / sqrt(fanIn)`, as PyTorch's own layers begin.
    case fanInUniform
    /// Normal with deviation one, biases zero.
    case unitNormal

    /// Draws a weight of shape `[out, in, ...]`, float32 on the CPU; the sizes after `in` are those of a kernel.
    public func weight(_ shape: [Int], from stream: inout RandomStream) -> Tensor {
        switch self {
        case .none: .empty(shape, isChannelsLast: shape.count == 4)
        case .zeros: .zeros(shape)
        case .xavierUniform(let gain):
            stream.uniform(shape, within: gain * (6 / Double(fanIn(shape) + fanOut(shape))).squareRoot())
        case .fanInUniform: stream.uniform(shape, within: 1 / Double(fanIn(shape)).squareRoot())
        case .unitNormal: stream.normal(shape)
        }
    }

    /// Draws the bias `[out]` of a layer whose weight has the given shape, float32 on the CPU.
    public func bias(ofWeight shape: [Int], from stream: inout RandomStream) -> Tensor {
        switch self {
        case .none: .empty([shape[0]])
        case .zeros, .xavierUniform, .unitNormal: .zeros([shape[0]])
        case .fanInUniform: stream.uniform([shape[0]], within: 1 / Double(fanIn(shape)).squareRoot())
        }
    }

    private func fanIn(_ shape: [Int]) -> Int { shape.dropFirst().reduce(1, *) }
    private func fanOut(_ shape: [Int]) -> Int { shape[0] * shape.dropFirst(2).reduce(1, *) }
}

extension RandomStream {
    /// Uniform in `[-bound, bound]`.
    fileprivate mutating func uniform(_ shape: [Int], within bound: Double) -> Tensor {
        (uniform(shape) * 2 - 1) * bound
    }
}
