// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Torch

/// Sines and then cosines of `position` times frequencies that fall geometrically from 1 to 1e-4.
///
/// Source: the positional embedding of Song et al. 2021 (arXiv 2011.13456), in the order of EDM's checkpoints.
///
/// - Parameters:
///   - position: `[N]`.
///   - channels: even, at least 4.
/// - Returns: `[N, channels]`.
func positionalEmbedding(_ position: Tensor, channels: Int) -> Tensor {
    let count = channels / 2
    let frequencies = (0..<count).map { Float(pow(1e-4, Double($0) / Double(count - 1))) }
    let angles =
        position.unsqueezed(1)
        * Tensor(frequencies, shape: [1, count], device: position.device).to(position.dtype)
    return .concatenated([angles.sin(), angles.cos()], dim: 1)
}
