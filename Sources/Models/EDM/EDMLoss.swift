// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch

/// The random numbers of one evaluation of the ``edmLoss(_:x:given:draws:mean:deviation:)``, all unit normal.
public struct EDMDraws: Sendable {
    /// What becomes the logarithm of sigma, `[N]`.
    public let logSigma: Tensor
    /// The noise, as the images.
    public let noise: Tensor

    /// Collects the numbers.
    public init(logSigma: Tensor, noise: Tensor) {
        self.logSigma = logSigma
        self.noise = noise
    }

    /// The noise levels that are drawn, `[N]`: `ln sigma ~ N(mean, deviation^2)`.
    public func sigma(mean: Double = -1.2, deviation: Double = 1.2) -> Tensor {
        (logSigma * deviation + mean).exp()
    }

    /// The numbers of `count` parts of a batch, whose sizes differ by one at most.
    public func chunked(_ count: Int) -> [EDMDraws] {
        zip(logSigma.chunked(count), noise.chunked(count)).map(EDMDraws.init)
    }
}

/// EDM's training loss of each image, `mean(lambda (D(x + sigma eps; sigma) - x)^2)` with `ln sigma ~ N(mean, deviation^2)` and
/// `lambda = 1 / cOut^2`, which is `(sigma^2 + sigmaData^2) / (sigma sigmaData)^2` for EDM's own scalings.
///
/// Source: Karras et al. 2022, equation 2 and table 1 (arXiv 2206.00364). Differs from the published training, which
/// sums over the elements of an image, by a constant factor.
///
/// - Parameters:
///   - denoiser: the network in training; gradient flows to its parameters.
///   - x: clean images `[N, C, H, W]`.
///   - condition: the class of each, or nothing.
///   - draws: the random numbers.
///   - mean: the mean of `ln sigma`.
///   - deviation: its standard deviation.
/// - Returns: the loss of each image, `[N]`.
public func edmLoss(
    _ denoiser: EDMDenoiser, x: Tensor, given condition: Condition?, draws: EDMDraws, mean: Double = -1.2,
    deviation: Double = 1.2
) -> Tensor {
    let level = NoiseLevel(sigma: draws.sigma(mean: mean, deviation: deviation))
    let prediction = denoiser(level.noising(x, noise: draws.noise), at: level, given: condition)
    return denoiser.lossWeight(at: level) * (prediction - x).square().flattened(from: 1).mean(dims: [1])
}
