// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// A residual block: two convolutions, the noise level and the class brought in between them, and self-attention after,
/// if asked.
///
///     h = conv1(silu(norm1(conv0(silu(norm0(x))) + affine(embedding))))
///     y = (h + skip(x)) c
///     y = (y + proj(attention(qkv(norm2(y))))) c
///
/// In an adaptive block the embedding makes a scale and a shift of the normalised values, `norm1(...) (1 + scale) + shift`.
/// Source: Karras et al. 2022, table 7 and figure 10 (arXiv 2206.00364); names, initialisation and the order of channels
/// are those of the published checkpoints.
public final class UNetBlock: ActivationCheckpointing {
    /// Whether the backward pass makes the block's inner results again.
    public let recomputes = Setting(false)

    private let norm0: GroupNorm
    private let conv0: ResamplingConv2d
    private let affine: Linear
    private let norm1: GroupNorm
    private let conv1: Conv2d
    private let skip: ResamplingConv2d?
    private let attention: Attention?
    private let style: UNetStyle

    /// A block with new weights.
    ///
    /// - Parameters:
    ///   - inputs: the channels of the input.
    ///   - outputs: the channels of the output.
    ///   - embedding: the size of the embedding.
    ///   - resampling: a change of size on the way.
    ///   - attends: whether self-attention comes last.
    ///   - style: what it has in common with the network's other blocks.
    ///   - stream: where the weights are drawn from.
    public init(
        _ inputs: Int, _ outputs: Int, embedding: Int, resampling: Resampling? = nil, attends: Bool = false,
        style: UNetStyle, from stream: inout RandomStream
    ) {
        self.style = style
        norm0 = style.norm(inputs)
        conv0 = ResamplingConv2d(
            inputs, outputs, kernel: 3, resampling: resampling, style: style, from: &stream)
        affine = Linear(
            embedding, style.isAdaptive ? 2 * outputs : outputs, initialisation: style.initialisation,
            from: &stream)
        norm1 = style.norm(outputs)
        conv1 = Conv2d(outputs, outputs, kernel: 3, initialisation: style.ofLast, from: &stream)
        let projects = inputs != outputs || style.projectsResampling
        skip =
            inputs == outputs && resampling == nil
            ? nil
            : ResamplingConv2d(
                inputs, outputs, kernel: projects ? 1 : 0, resampling: resampling, style: style, from: &stream
            )
        attention =
            attends && style.heads(outputs) > 0 ? Attention(outputs, style: style, from: &stream) : nil
    }

    /// The layers under their published names.
    public var children: [Child] {
        [
            .module("norm0", norm0), .module("conv0", conv0), .module("affine", affine),
            .module("norm1", norm1), .module("conv1", conv1), .module("skip", skip),
        ] + (attention?.children ?? [])
    }

    /// Evaluates the block.
    ///
    /// - Parameters:
    ///   - x: `[N, inputs, H, W]`.
    ///   - embedding: `[N, embedding]`.
    /// - Returns: `[N, outputs, H, W]`, the sides doubled or halved by `resampling`.
    public func callAsFunction(_ x: Tensor, _ embedding: Tensor) -> Tensor {
        checkpointed([x, embedding]) { [self] inputs in evaluated(inputs[0], inputs[1]) }
    }

    private func evaluated(_ x: Tensor, _ embedding: Tensor) -> Tensor {
        let h = conv1(conditioned(conv0(norm0.silu(x)), affine(embedding)))
        let y = merged(h, skip?(x) ?? x)
        return attention.map { merged($0(y), y) } ?? y
    }

    /// Normalises what the first convolution made, brings in the embedding, and activates.
    private func conditioned(_ h: Tensor, _ affine: Tensor) -> Tensor {
        guard style.isAdaptive else { return norm1.silu(h, shift: affine) }
        let parts = affine.chunked(2, dim: 1)
        return norm1.adaptiveSiLU(h, scale: parts[0], shift: parts[1])
    }

    /// The sum, scaled as the network's style has it.
    private func merged(_ a: Tensor, _ b: Tensor) -> Tensor {
        style.sumScale == 1 ? a + b : (a + b) * style.sumScale
    }
}
