// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
public import Torch

/// The critic's denoising loss on each generated image, `lambda_t mean((mu_fake(x_t, t) - x)^2)`, with the weights of the
/// teacher's own training, see `Denoiser.lossWeight(at:)`.
///
/// Source: DMD, equation 6 and Algorithm 3 (arXiv 2311.18828).
///
/// - Parameters:
///   - prediction: `mu_fake(x_t, t)`, `[N, ...]`; gradient flows through it.
///   - x: the generated images that were noised, as `prediction`; treated as constants.
///   - weight: `lambda_t` of each sample, `[N]`.
/// - Returns: `[N]`.
public func denoisingLoss(prediction: Tensor, x: Tensor, weight: Tensor) -> Tensor {
    let error = (prediction - x.detached()).square().flattened(from: 1).mean(dims: [1])
    return weight.to(x.dtype).to(x.device) * error
}

/// The term of ``denoisingLoss(prediction:x:weight:)``.
public struct Denoising: CriticTerm {
    /// `denoising`.
    public let name = "denoising"
    /// 1 unless told otherwise.
    public let weight: Double

    /// A term.
    public init(weight: Double = 1) { self.weight = weight }

    /// The critic's prediction.
    public var inputs: CriticInputs { .denoised }

    /// The loss of each sample.
    public func callAsFunction(_ input: CriticInput) -> TermValue {
        guard let denoised = input.denoised else { preconditionFailure("denoising reads the prediction") }
        return TermValue(
            denoisingLoss(prediction: denoised.prediction.x0, x: input.samples, weight: denoised.weight))
    }
}
