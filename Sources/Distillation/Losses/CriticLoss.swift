// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The critic's denoising loss on generated images, `mean(lambda_t (mu_fake(x_t, t) - x)^2)`, with the weights of the
/// teacher's own training, see `Denoiser.lossWeight(at:)`.
///
/// Source: DMD, equation 6 and Algorithm 3 (arXiv 2311.18828).
///
/// - Parameters:
///   - prediction: `mu_fake(x_t, t)`, `[N, ...]`; gradient flows through it.
///   - x: the generated images that were noised, as `prediction`; treated as constants.
///   - weight: `lambda_t` of each sample, `[N, 1, 1, 1]`.
/// - Returns: a tensor without dimensions.
public func criticLoss(prediction: Tensor, x: Tensor, weight: Tensor) -> Tensor {
    (weight.to(x.dtype).to(x.device) * (prediction - x.detached()).square()).mean()
}
