// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Attention of each pixel to all pixels: `softmax(q k^T / sqrt(d)) v` in each head.
///
/// - Parameters:
///   - qkv: `[N, 3 C, H, W]`; channel `3 d head + 3 c + j` is component `c` of a head's query, key or value, for `j` of 0,
///     1 and 2: the order of EDM's checkpoints.
///   - heads: the number of heads, of `d = C / heads` components each.
/// - Returns: `[N, C, H, W]`.
public func selfAttention(_ qkv: Tensor, heads: Int) -> Tensor {
    let shape = qkv.shape
    let depth = shape[1] / (3 * heads)
    let parts = qkv.reshaped([shape[0] * heads, depth, 3, shape[2] * shape[3]])
    let query = parts.selected(dim: 2, index: 0)
    let key = parts.selected(dim: 2, index: 1) / Double(depth).squareRoot()
    let value = parts.selected(dim: 2, index: 2)
    let weights = query.transposed(1, 2).matmul(key).softmax(dim: 2)  // [N heads, from pixel, to pixel]
    return weights.matmul(value.transposed(1, 2)).transposed(1, 2).reshaped([
        shape[0], heads * depth, shape[2], shape[3],
    ])
}
