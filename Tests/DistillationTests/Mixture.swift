// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Torch

/// Equally wide Gaussian modes, of which everything is known: density, score and ideal denoiser at every noise level.
struct Mixture {
    /// The centre of each mode, `[D]`.
    var centers: [[Double]]
    /// The share of each mode; they sum to 1.
    var shares: [Double]
    /// The standard deviation of each mode.
    var width: Double

    static func gaussian(_ center: [Double], width: Double) -> Mixture {
        Mixture(centers: [center], shares: [1], width: width)
    }

    /// The score of `x_t` in plain arithmetic: `grad log sum_k share_k N(x_t; alpha c_k, alpha^2 width^2 + sigma^2)`.
    func score(_ xt: [Double], alpha: Double, sigma: Double) -> [Double] {
        let variance = alpha * alpha * width * width + sigma * sigma
        let weights = zip(centers, shares).map { center, share in
            share * exp(-zip(xt, center).reduce(0) { $0 + pow($1.0 - alpha * $1.1, 2) } / (2 * variance))
        }
        let total = weights.reduce(0, +)
        return xt.indices.map { i in
            zip(centers, weights).reduce(0) { $0 - $1.1 / total * (xt[i] - alpha * $1.0[i]) / variance }
        }
    }

    /// `mu(x_t) = E[x | x_t]` of points `[N, D]`, or of that many elements in more dimensions.
    func denoised(_ xt: Tensor, at level: NoiseLevel) -> Tensor {
        let level = level.matching(xt)
        let count = xt.shape[0]
        let gain = level.alpha * (width * width)
        let variance = level.alpha * gain + level.sigma.square()  // [N, 1, ...]
        let modes = Tensor(centers.flatMap { $0 }, shape: [1, centers.count, centers[0].count]).matching(
            xt)
        let x = xt.reshaped([count, 1, -1])
        let alpha = level.alpha.reshaped([count, 1, 1])
        let offsets = x - alpha * modes  // [N, K, D]
        let distances = offsets.square().sum(dims: [2])  // [N, K]
        let logits = Tensor(shares.map(log)).matching(xt) - distances / (variance.reshaped([count, 1]) * 2)
        let means = modes + offsets * (gain / variance).reshaped([count, 1, 1])
        return (logits.softmax(dim: 1).unsqueezed(2) * means).sum(dims: [1]).reshaped(xt.shape)
    }
}

/// A teacher that needs no training.
final class MixtureDenoiser: Denoiser {
    let mixture: Mixture
    let schedule: any NoiseSchedule
    let children: [Child] = []
    var sampleShape: [Int] { [mixture.centers[0].count, 1, 1] }

    init(_ mixture: Mixture, schedule: any NoiseSchedule = KarrasSchedule()) {
        self.mixture = mixture
        self.schedule = schedule
    }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        mixture.denoised(x, at: level)
    }

    func replica(sharing: WeightSharing) -> MixtureDenoiser { MixtureDenoiser(mixture, schedule: schedule) }
}

extension Tensor {
    fileprivate func matching(_ other: Tensor) -> Tensor { to(other.dtype).to(other.device) }
}
