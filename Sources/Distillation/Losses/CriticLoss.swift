// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch

/// The critic's denoising loss on generated images, `mean(lambda_t (mu_fake(x_t, t) - x)^2)`, weighted as the base
/// model weighs its noise levels: `lambda_t = SNR + 1 / sigmaData^2` for EDM and `SNR = alpha^2 / sigma^2` for
/// variance-preserving models, for which it equals the squared error of the predicted noise.
///
/// Source: DMD, equation 6 and Algorithm 3 (arXiv 2311.18828).
///
/// - Parameters:
///   - prediction: `mu_fake(x_t, t)`, `[N, ...]`; gradient flows through it.
///   - x: the generated images that were noised, as `prediction`; treated as constants.
///   - level: the noise level of each sample.
///   - sigmaData: the standard deviation of the data that EDM assumes, 0.5 in its published models; nil for
///     variance-preserving models.
/// - Returns: a tensor without dimensions.
public func criticLoss(prediction: Tensor, x: Tensor, level: NoiseLevel, sigmaData: Double?) -> Tensor {
    let level = level.matching(x)
    let signalToNoise = (level.alpha / level.sigma).square()
    let weight = sigmaData.map { signalToNoise + 1 / ($0 * $0) } ?? signalToNoise
    return (weight * (prediction - x.detached()).square()).mean()
}
