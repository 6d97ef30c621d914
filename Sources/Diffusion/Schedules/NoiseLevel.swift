// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// How noisy each sample of a batch is: `x_t = alpha x + sigma eps` with unit normal `eps`.
public struct NoiseLevel {
    /// What remains of the clean sample, `[N, 1, 1, 1]`, in (0, 1].
    public let alpha: Tensor
    /// The standard deviation of the noise, `[N, 1, 1, 1]`.
    public let sigma: Tensor
    /// What a network is told about the level, `[N]`: sigma for EDM, the step for variance-preserving models.
    public let time: Tensor

    /// A level for each sample.
    ///
    /// - Parameters:
    ///   - alpha: what remains of the clean sample; any shape of N elements.
    ///   - sigma: the standard deviation of the noise; any shape of N elements.
    ///   - time: what a network is told; any shape of N elements.
    public init(alpha: Tensor, sigma: Tensor, time: Tensor) {
        self.alpha = alpha.reshaped([-1, 1, 1, 1])
        self.sigma = sigma.reshaped([-1, 1, 1, 1])
        self.time = time.reshaped([-1])
    }

    /// EDM's level of each sample, `x_t = x + sigma eps`.
    ///
    /// - Parameter sigma: above 0, `[N]`.
    public init(sigma: Tensor) { self.init(alpha: .zerosLike(sigma) + 1, sigma: sigma, time: sigma) }

    /// `alpha x + sigma eps`, equation 3 of DMD (arXiv 2311.18828).
    ///
    /// - Parameters:
    ///   - x: clean samples `[N, C, H, W]`.
    ///   - noise: `eps`, unit normal, as `x`.
    public func noising(_ x: Tensor, noise: Tensor) -> Tensor {
        let level = matching(x)
        return level.alpha * x + level.sigma * noise
    }

    /// The same level in the type and on the device of `x`.
    public func matching(_ x: Tensor) -> NoiseLevel {
        func match(_ tensor: Tensor) -> Tensor { tensor.to(x.dtype).to(x.device) }
        return NoiseLevel(alpha: match(alpha), sigma: match(sigma), time: match(time))
    }
}
