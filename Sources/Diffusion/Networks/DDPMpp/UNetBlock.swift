// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// A residual block: two convolutions, the noise level and the class added between them, and self-attention after, if
/// asked.
///
///     h = conv1(silu(norm1(conv0(silu(norm0(x))) + affine(embedding))))
///     y = (h + skip(x)) / sqrt(2)
///     y = (y + proj(attention(qkv(norm2(y))))) / sqrt(2)
///
/// Source: Karras et al. 2022, table 8 and figure 10 (arXiv 2206.00364); names, initialisation and the order of channels
/// are those of the published checkpoints.
public final class UNetBlock: Module {
    private let norm0: GroupNorm
    private let conv0: ResamplingConv2d
    private let affine: Linear
    private let norm1: GroupNorm
    private let conv1: Conv2d
    private let skip: ResamplingConv2d?
    private let attention: Attention?

    private struct Attention {
        let heads: Int
        let norm: GroupNorm
        let qkv: Conv2d
        let proj: Conv2d
    }

    /// A block with new weights.
    ///
    /// - Parameters:
    ///   - inputs: the channels of the input.
    ///   - outputs: the channels of the output.
    ///   - embedding: the size of the embedding.
    ///   - resampling: a change of size on the way.
    ///   - heads: of the self-attention, a divisor of `outputs`; 0 goes without.
    ///   - stream: where the weights are drawn from.
    public init(
        _ inputs: Int, _ outputs: Int, embedding: Int, resampling: Resampling? = nil, heads: Int = 0,
        from stream: inout RandomStream
    ) {
        norm0 = .ofBlocks(inputs)
        conv0 = ResamplingConv2d(inputs, outputs, kernel: 3, resampling: resampling, from: &stream)
        affine = Linear(embedding, outputs, from: &stream)
        norm1 = .ofBlocks(outputs)
        conv1 = Conv2d(outputs, outputs, kernel: 3, initialisation: .almostZero, from: &stream)
        skip =
            inputs == outputs && resampling == nil
            ? nil : ResamplingConv2d(inputs, outputs, kernel: 1, resampling: resampling, from: &stream)
        attention =
            heads > 0
            ? Attention(
                heads: heads, norm: .ofBlocks(outputs),
                qkv: Conv2d(
                    outputs, 3 * outputs, kernel: 1, initialisation: .xavierUniform(gain: 0.2.squareRoot()),
                    from: &stream),
                proj: Conv2d(outputs, outputs, kernel: 1, initialisation: .almostZero, from: &stream)) : nil
    }

    /// The layers under their published names.
    public var members: [Member] {
        [
            .module("norm0", norm0), .module("conv0", conv0), .module("affine", affine),
            .module("norm1", norm1),
            .module("conv1", conv1), .module("skip", skip), .module("norm2", attention?.norm),
            .module("qkv", attention?.qkv), .module("proj", attention?.proj),
        ]
    }

    /// Evaluates the block.
    ///
    /// - Parameters:
    ///   - x: `[N, inputs, H, W]`.
    ///   - embedding: `[N, embedding]`.
    /// - Returns: `[N, outputs, H, W]`, the sides doubled or halved by `resampling`.
    public func callAsFunction(_ x: Tensor, _ embedding: Tensor) -> Tensor {
        let h = conv1(norm1.silu(conv0(norm0.silu(x)), shift: affine(embedding)))
        let y = merged(h, skip?(x) ?? x)
        guard let attention else { return y }
        return merged(
            attention.proj(selfAttention(attention.qkv(attention.norm(y)), heads: attention.heads)), y)
    }

    /// The sum, at the variance of one of two independent terms.
    private func merged(_ a: Tensor, _ b: Tensor) -> Tensor { (a + b) * 0.5.squareRoot() }
}

extension GroupNorm {
    /// The normalisation that the network uses everywhere: at least four channels a group, at most 32 groups.
    static func ofBlocks(_ channels: Int) -> GroupNorm {
        GroupNorm(channels, groups: min(32, channels / 4), epsilon: 1e-6)
    }
}

extension Initialisation {
    /// For the last layer of a residual branch: the branch begins as good as absent.
    static let almostZero = Initialisation.xavierUniform(gain: 1e-5)
}
