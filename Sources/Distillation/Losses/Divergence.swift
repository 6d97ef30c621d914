// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The divergence between the generator's distribution and that of the data which distribution matching makes smaller.
///
/// For each of them the gradient with respect to a generated sample is that of DMD times a weight, `h(r) (s_fake - s_real)`, with
/// `h(r) = r^2 f''(r)` of the density ratio `r = p_data / p_fake`. Source: Xu et al. 2025, f-distill (arXiv 2502.15681), where
/// constants are left out as they are here.
public enum Divergence: String, Codable, Sendable, CaseIterable {
    /// `f = -ln r`, `h = 1`: DMD.
    case reverseKL
    /// `f = (r + 1) ln(1/2 + 1/(2r))`, `h = 1 / (1 + r)`.
    case softenedReverseKL
    /// `f = 1 - sqrt(r)`, `h = sqrt(r)`.
    case squaredHellinger
    /// `f = r ln r - (r + 1) ln((r + 1) / 2)`, `h = r / (1 + r)`.
    case jensenShannon
    /// `f = (r - 1) ln r`, `h = 1 + r`.
    case jeffreys
    /// `f = r ln r`, `h = r`.
    case forwardKL
    /// `f = (1 - r)^2 / r`, `h = 1 / r`.
    case neyman

    /// `h(r)`.
    ///
    /// - Parameter ratio: `r`, above 0.
    public func weight(_ ratio: Tensor) -> Tensor {
        switch self {
        case .reverseKL: .zerosLike(ratio) + 1
        case .softenedReverseKL: 1 / (ratio + 1)
        case .squaredHellinger: ratio.sqrt()
        case .jensenShannon: ratio / (ratio + 1)
        case .jeffreys: ratio + 1
        case .forwardKL: ratio
        case .neyman: 1 / ratio
        }
    }
}
