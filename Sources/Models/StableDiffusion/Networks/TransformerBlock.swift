// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// Attention of tokens to each other, or to those of a context.
///
/// Source: Vaswani et al. 2017, section 3.2 (arXiv 1706.03762).
final class TokenAttention: Module {
    private let heads: Int
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear

    /// - Parameters:
    ///   - size: that of a token.
    ///   - context: that of a token of the context; as `size` where the tokens attend to each other.
    ///   - heads: a divisor of `size`.
    ///   - hasBias: whether queries, keys and values have an offset.
    ///   - style: how the weights are drawn.
    ///   - stream: where from.
    init(
        _ size: Int, context: Int, heads: Int, hasBias: Bool = false, style: StableDiffusionStyle,
        from stream: inout RandomStream
    ) {
        self.heads = heads
        query = style.linear(size, size, bias: hasBias, from: &stream)
        key = style.linear(context, size, bias: hasBias, from: &stream)
        value = style.linear(context, size, bias: hasBias, from: &stream)
        output = style.linear(size, size, from: &stream)
    }

    var children: [Child] {
        [
            .module("to_q", query), .module("to_k", key), .module("to_v", value), .module("to_out.0", output),
        ]
    }

    /// - Parameters:
    ///   - x: `[N, n, size]`.
    ///   - context: `[N, m, context]`.
    /// - Returns: `[N, n, size]`.
    func callAsFunction(_ x: Tensor, context: Tensor) -> Tensor {
        func split(_ tokens: Tensor) -> Tensor {
            let shape = tokens.shape
            return tokens.reshaped([shape[0], shape[1], heads, shape[2] / heads]).transposed(1, 2)
        }
        let gathered = Tensor.attention(
            query: split(query(x)), key: split(key(context)), value: split(value(context)))
        return output(gathered.transposed(1, 2).flattened(from: 2))  // [N, heads, n, d] -> [N, n, size]
    }
}

/// Attention of the pixels to each other, attention to the context, and a layer on each pixel, each added to what came in.
///
///     x = x + attn1(norm1(x), norm1(x))
///     x = x + attn2(norm2(x), context)
///     x = x + net.2(a gelu(b)),  a, b = net.0.proj(norm3(x))
///
/// Source: Rombach et al. 2022, section 3.3 (arXiv 2112.10752); the gated layer: Shazeer 2020 (arXiv 2002.05202).
final class TransformerBlock: ActivationCheckpointing {
    /// Whether the backward pass makes the block's inner results again.
    let recomputes = Setting(false)

    private let norm1: LayerNorm
    private let attention1: TokenAttention
    private let norm2: LayerNorm
    private let attention2: TokenAttention
    private let norm3: LayerNorm
    private let gated: Linear
    private let output: Linear

    init(
        _ size: Int, context: Int, heads: Int, style: StableDiffusionStyle, from stream: inout RandomStream
    ) {
        norm1 = LayerNorm(size)
        attention1 = TokenAttention(size, context: size, heads: heads, style: style, from: &stream)
        norm2 = LayerNorm(size)
        attention2 = TokenAttention(size, context: context, heads: heads, style: style, from: &stream)
        norm3 = LayerNorm(size)
        gated = style.linear(size, 8 * size, from: &stream)
        output = style.linear(4 * size, size, from: &stream)
    }

    var children: [Child] {
        [
            .module("norm1", norm1), .module("attn1", attention1), .module("norm2", norm2),
            .module("attn2", attention2), .module("norm3", norm3), .module("ff.net.0.proj", gated),
            .module("ff.net.2", output),
        ]
    }

    /// - Parameters:
    ///   - x: `[N, n, size]`.
    ///   - context: `[N, m, context]`.
    /// - Returns: a tensor like `x`.
    func callAsFunction(_ x: Tensor, context: Tensor) -> Tensor {
        checkpointed([x, context]) { [self] inputs in
            var x = inputs[0]
            let own = norm1(x)
            x = x + attention1(own, context: own)
            x = x + attention2(norm2(x), context: inputs[1])
            let halves = gated(norm3(x)).chunked(2, dim: 2)
            return x + output(halves[0] * halves[1].gelu())
        }
    }
}

/// A transformer on the pixels of an image, added to it.
final class SpatialTransformer: Module {
    private let norm: GroupNorm
    private let projectIn: PixelProjection
    private let block: TransformerBlock
    private let projectOut: PixelProjection

    /// - Parameter isLinear: whether the layers before and after are stored as matrices, not as convolutions of one pixel.
    init(
        _ channels: Int, context: Int, heads: Int, isLinear: Bool, style: StableDiffusionStyle,
        from stream: inout RandomStream
    ) {
        norm = style.attentionNorm(channels)
        projectIn = PixelProjection(channels, isLinear: isLinear, style: style, from: &stream)
        block = TransformerBlock(channels, context: context, heads: heads, style: style, from: &stream)
        projectOut = PixelProjection(channels, isLinear: isLinear, style: style, from: &stream)
    }

    var children: [Child] {
        [
            .module("norm", norm), .module("proj_in", projectIn), .module("transformer_blocks.0", block),
            .module("proj_out", projectOut),
        ]
    }

    /// - Parameters:
    ///   - x: `[N, channels, H, W]`.
    ///   - context: `[N, m, context]`.
    /// - Returns: a tensor like `x`.
    func callAsFunction(_ x: Tensor, context: Tensor) -> Tensor {
        let tokens = projectOut(block(projectIn(norm(x).pixelsAsTokens()), context: context))
        return x + tokens.tokensAsPixels(height: x.shape[2], width: x.shape[3])
    }
}

/// An affine map of each pixel's channels, whichever way its weight is stored.
private final class PixelProjection: Module {
    /// `[channels, channels]`, or as a convolution's `[channels, channels, 1, 1]`.
    private let weight: Tensor
    private let bias: Tensor

    init(_ channels: Int, isLinear: Bool, style: StableDiffusionStyle, from stream: inout RandomStream) {
        let shape = [channels, channels] + (isLinear ? [] : [1, 1])
        weight = style.initialisation.weight(shape, from: &stream)
        bias = style.initialisation.bias(ofWeight: shape, from: &stream)
    }

    var children: [Child] { [.parameter("weight", weight), .parameter("bias", bias)] }

    /// - Parameter tokens: `[N, n, channels]`.
    func callAsFunction(_ tokens: Tensor) -> Tensor {
        tokens.linear(weight: weight.flattened(from: 1).to(tokens.dtype), bias: bias.to(tokens.dtype))
    }
}
