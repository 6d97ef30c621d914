// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// How noisy each sample of a batch is: `x_t = alpha x + sigma eps` with unit normal `eps`.
public struct NoiseLevel: Sendable {
    /// What remains of the clean sample, `[N]`, in [0, 1]; 0 is pure noise.
    public let alpha: Tensor
    /// The standard deviation of the noise, `[N]`, above 0.
    public let sigma: Tensor
    /// What a network is told about the level, `[N]`: sigma for EDM, the step for variance-preserving models.
    public let time: Tensor

    /// A level for each sample.
    ///
    /// - Parameters:
    ///   - alpha: what remains of the clean sample, `[N]`.
    ///   - sigma: the standard deviation of the noise, `[N]`.
    ///   - time: what a network is told, `[N]`.
    public init(alpha: Tensor, sigma: Tensor, time: Tensor) {
        self.alpha = alpha
        self.sigma = sigma
        self.time = time
    }

    /// EDM's level of each sample, `x_t = x + sigma eps`.
    ///
    /// - Parameter sigma: above 0, `[N]`.
    public init(sigma: Tensor) { self.init(alpha: .zerosLike(sigma) + 1, sigma: sigma, time: sigma) }

    /// `alpha x + sigma eps`, equation 3 of DMD (arXiv 2311.18828).
    ///
    /// - Parameters:
    ///   - x: clean samples `[N, ...]`.
    ///   - noise: `eps`, unit normal, as `x`.
    public func noising(_ x: Tensor, noise: Tensor) -> Tensor {
        let level = matching(x)
        return level.alpha * x + level.sigma * noise
    }

    /// The same level in the type and on the device of `x`, with `alpha` and `sigma` as `[N, 1, ...]`, to calculate with `x`.
    public func matching(_ x: Tensor) -> NoiseLevel {
        func match(_ tensor: Tensor) -> Tensor { tensor.to(x.dtype).to(x.device) }
        let shape = [-1] + Array(repeating: 1, count: x.rank - 1)
        return NoiseLevel(
            alpha: match(alpha).reshaped(shape), sigma: match(sigma).reshaped(shape), time: match(time))
    }

    /// Levels of several batches, one after another.
    public static func concatenated(_ parts: [NoiseLevel]) -> NoiseLevel {
        NoiseLevel(
            alpha: .concatenated(parts.map(\.alpha)), sigma: .concatenated(parts.map(\.sigma)),
            time: .concatenated(parts.map(\.time)))
    }
}
