// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// Attention of each pixel to all pixels: `softmax(q k^T / sqrt(d)) v`, with one head.
///
/// - Parameter qkv: `[N, 3 C, H, W]`; channel `3 c + j` is component `c` of the query, the key or the value, for `j` of
///   0, 1 and 2: the order of EDM's checkpoints.
/// - Returns: `[N, C, H, W]`.
func selfAttention(_ qkv: Tensor) -> Tensor {
    let shape = qkv.shape
    let channels = shape[1] / 3
    let parts = qkv.reshaped([shape[0], channels, 3, shape[2] * shape[3]])
    let query = parts.selected(dim: 2, index: 0)
    let key = parts.selected(dim: 2, index: 1) / Double(channels).squareRoot()
    let value = parts.selected(dim: 2, index: 2)
    let weights = query.transposed(1, 2).matmul(key).softmax(dim: 2)  // [N, from pixel, to pixel]
    return weights.matmul(value.transposed(1, 2)).transposed(1, 2).reshaped([
        shape[0], channels, shape[2], shape[3],
    ])
}
