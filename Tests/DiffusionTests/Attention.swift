// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// Attention of each pixel to all pixels, put together from the public operations; the network's own is not public, and
/// has one head.
///
/// - Parameter qkv: `[N, 3 C, H, W]`; channel `head * 3 d + 3 c + j` is component `c` of the query, the key or the
///   value of a head of `d = C / heads` components, for `j` of 0, 1 and 2.
/// - Returns: `[N, C, H, W]`.
func attention(_ qkv: Tensor, heads: Int) -> Tensor {
    let shape = qkv.shape
    let depth = shape[1] / (3 * heads)
    let parts = qkv.reshaped([shape[0] * heads, depth, 3, shape[2] * shape[3]])
    let (query, key) = (parts.selected(dim: 2, index: 0), parts.selected(dim: 2, index: 1))
    let weights = (query.transposed(1, 2).matmul(key) / Double(depth).squareRoot()).softmax(dim: 2)
    let values = parts.selected(dim: 2, index: 2).matmul(weights.transposed(1, 2))  // [N heads, d, H W]
    return values.reshaped([shape[0], shape[1] / 3, shape[2], shape[3]])
}
