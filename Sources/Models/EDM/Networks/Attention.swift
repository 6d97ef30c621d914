// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The self-attention of a block: each pixel gathers from all pixels, and the result is added.
final class Attention: Module {
    private let heads: Int
    private let norm: GroupNorm
    private let qkv: Conv2d
    private let proj: Conv2d

    init(_ channels: Int, style: UNetStyle, from stream: inout RandomStream) {
        heads = style.heads(channels)
        norm = style.norm(channels)
        qkv = Conv2d(
            channels, 3 * channels, kernel: 1, initialisation: style.ofAttention, from: &stream)
        proj = Conv2d(channels, channels, kernel: 1, initialisation: style.ofLast, from: &stream)
    }

    var children: [Child] { [.module("norm2", norm), .module("qkv", qkv), .module("proj", proj)] }

    /// What is to be added to `x`.
    func callAsFunction(_ x: Tensor) -> Tensor { proj(selfAttention(qkv(norm(x)), heads: heads)) }
}

/// Attention of each pixel to all pixels: `softmax(q k^T / sqrt(d)) v` in each head.
///
/// - Parameters:
///   - qkv: `[N, 3 C, H, W]`; channel `3 d head + 3 c + j` is component `c` of a head's query, key or value, for `j` of 0,
///     1 and 2: the order of EDM's checkpoints.
///   - heads: the number of heads, of `d = C / heads` components each.
/// - Returns: `[N, C, H, W]`, channels-last.
public func selfAttention(_ qkv: Tensor, heads: Int) -> Tensor {
    let shape = qkv.shape
    let (count, height, width) = (shape[0], shape[2], shape[3])
    let depth = shape[1] / (3 * heads)
    // [3, N, heads, pixels, depth]; the copy leaves the components of a query side by side.
    let parts = qkv.channelsLast().permuted([0, 2, 3, 1]).reshaped([count, height * width, heads, depth, 3])
        .permuted([4, 0, 2, 1, 3]).contiguous()
    let gathered = Tensor.attention(
        query: parts.selected(dim: 0, index: 0), key: parts.selected(dim: 0, index: 1),
        value: parts.selected(dim: 0, index: 2))  // [N, heads, pixels, depth]
    return gathered.transposed(1, 2).reshaped([count, height, width, heads * depth]).permuted([0, 3, 1, 2])
}
