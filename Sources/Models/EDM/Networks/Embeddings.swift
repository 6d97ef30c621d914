// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Torch

/// Cosines and sines of a position times frequencies that fall geometrically from 1, `f_i = 1e-4^(i / n)`.
///
/// Source: Vaswani et al. 2017, section 3.5 (arXiv 1706.03762), as Ho et al. 2020 take it for noise levels.
struct PositionalFeatures {
    private let frequencies: ConstantTable

    /// - Parameters:
    ///   - channels: even, at least 4.
    ///   - reachesEnd: whether the last frequency is 1e-4, `n = channels / 2 - 1`, or the one before it,
    ///     `n = channels / 2`.
    init(channels: Int, reachesEnd: Bool) {
        let count = channels / 2
        let last = Double(reachesEnd ? count - 1 : count)
        frequencies = ConstantTable((0..<count).map { Float(pow(1e-4, Double($0) / last)) })
    }

    /// - Parameter position: `[N]`.
    /// - Returns: each `[N, channels / 2]`.
    func callAsFunction(_ position: Tensor) -> (cos: Tensor, sin: Tensor) {
        features(position, frequencies.on(position.device))
    }
}

/// Cosines and sines of `position` times fixed random frequencies: the noise level of NCSN++.
///
/// Source: Tancik et al. 2020 (arXiv 2006.10739) as Song et al. 2021 take it (arXiv 2011.13456).
final class FourierFeatures: Module {
    /// Of normal distribution with deviation 16, `[channels / 2]`.
    private let frequencies: Tensor

    init(channels: Int, from stream: inout RandomStream) {
        frequencies = stream.normal([channels / 2]) * 16
    }

    var children: [Child] { [.buffer("freqs", frequencies)] }

    /// - Parameter position: `[N]`.
    /// - Returns: each `[N, channels / 2]`.
    func callAsFunction(_ position: Tensor) -> (cos: Tensor, sin: Tensor) {
        features(position, frequencies * (2 * Double.pi))
    }
}

private func features(_ position: Tensor, _ frequencies: Tensor) -> (cos: Tensor, sin: Tensor) {
    let angles = position.unsqueezed(1) * frequencies.to(position.dtype).unsqueezed(0)
    return (angles.cos(), angles.sin())
}
