// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
public import Torch

/// The score identity loss of each sample:
///
///     L = mean[ (mu_base - mu_fake) ((mu_base - x) - alpha (mu_base - mu_fake)) ] / omega
///
/// Where the critic knows the generator's distribution, it is `1 - alpha` times the mean squared difference of both
/// predictions, and half of the gradient of that at `alpha = 1/2`. Its value says little: from `alpha = 1` on it swings about 0, or
/// falls below.
///
/// Source: Zhou et al. 2024, SiD (arXiv 2404.04057), equations 20 and 23. Differs from it in that the mean over a sample's elements is
/// taken instead of the sum, which divides the learning rate that fits by their number.
///
/// - Parameters:
///   - x: generated samples `[N, ...]`; gradient flows through them.
///   - teacherX0: `mu_base(x_t, t)`, as `x`; gradient flows through it.
///   - criticX0: `mu_fake(x_t, t)`, as `x`; gradient flows through it.
///   - alpha: how much of the squared difference is taken away.
///   - isNormalized: whether the loss is divided by `omega = mean |x - mu_base|`, a constant of at least 1e-5; otherwise omega is 1.
/// - Returns: `[N]`.
public func scoreIdentityLoss(
    x: Tensor, teacherX0: Tensor, criticX0: Tensor, alpha: Double, isNormalized: Bool = true
) -> Tensor {
    let difference = teacherX0 - criticX0
    let product = difference * ((teacherX0 - x) - alpha * difference)
    let loss = product.flattened(from: 1).mean(dims: [1])
    guard isNormalized else { return loss }
    let omega = withoutGradients {
        (x - teacherX0).abs().flattened(from: 1).mean(dims: [1]).clamped(min: 1e-5, max: .infinity)
    }
    return loss / omega
}

/// The term of ``scoreIdentityLoss(x:teacherX0:criticX0:alpha:isNormalized:)``.
public struct ScoreIdentity: GeneratorTerm {
    /// `score_identity`.
    public let name = "score_identity"
    private let settings: ScoreIdentitySettings

    /// A term with these settings.
    public init(_ settings: ScoreIdentitySettings) { self.settings = settings }

    /// That of the settings.
    public var weight: Double { settings.weight }
    /// The predictions of teacher and critic, and gradient through both.
    public var inputs: TermInputs { [.scores, .scoreGradients] }

    /// The loss of each sample.
    public func callAsFunction(_ output: GeneratorOutput) -> TermValue {
        guard let scores = output.scores else { preconditionFailure("the score identity reads scores") }
        return TermValue(
            scoreIdentityLoss(
                x: output.samples, teacherX0: scores.teacher.x0, criticX0: scores.critic.x0,
                alpha: settings.alpha))
    }
}
