// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch

/// The weight `w_t` of the distribution matching gradient: the three of the paper's Table 2.
///
/// Each is given as it stands in equation 7 and as what remains of the gradient once the scores of equations 4 and 5
/// are written out, see ``distributionMatchingGradient(x:teacherX0:criticX0:level:weighting:alphaFactor:)``.
public enum DistributionMatchingWeighting: String, Codable, Sendable, CaseIterable {
    /// Equation 8, `w = sigma^2 / alpha * C S / |mu_base - x|_1`, the paper's own: the gradient is divided by the
    /// teacher's mean absolute error, so that every noise level moves an image about as far.
    case normalized
    /// `w = sigma / alpha`, DreamFusion's: the gradient is divided by `sigma`.
    case sigmaOverAlpha
    /// `w = sigma^3 / alpha`, ProlificDreamer's: the gradient is multiplied by `sigma`.
    case sigmaCubedOverAlpha
}

/// What becomes of the factor `alpha_t` that equation 7 puts on the gradient. Where alpha is 1 (EDM) both are equal.
public enum AlphaFactor: String, Codable, Sendable, CaseIterable {
    /// As in equations 7 and 8.
    case kept
    /// As in the paper's Algorithm 2 and in public implementations for variance-preserving models, where it makes the
    /// gradient at the highest noise an order of magnitude larger.
    case omitted
}

/// The direction in which distribution matching moves each generated image: the gradient of
/// `KL(p_fake || p_real)` with respect to the image, up to the weight.
///
/// With `s = -(x_t - alpha mu) / sigma^2` for both scores (equations 4 and 5), equation 7 becomes
///
///     g = w alpha (s_fake - s_real) = w alpha^2 / sigma^2 (mu_fake - mu_base)
///       = alpha k (mu_fake - mu_base),    k = 1 / mean|mu_base - x|,  1 / sigma  or  sigma
///
/// for the three weightings in turn; the mean runs over the elements of one image. This is Algorithm 2's arithmetic.
/// Source: DMD, equations 4, 5, 7, 8, Algorithm 2 and Table 2 (arXiv 2311.18828). Differs from it in that the mean
/// is kept above 1e-8, where it would be a division by zero.
///
/// - Parameters:
///   - x: generated images `[N, ...]` in [-1, 1].
///   - teacherX0: `mu_base(x_t, t)`, the teacher's prediction of the clean image, as `x`.
///   - criticX0: `mu_fake(x_t, t)`, the critic's.
///   - level: the noise level of each sample's `x_t`.
///   - weighting: `w_t`.
///   - alphaFactor: whether `alpha_t` is kept.
/// - Returns: `g`, as `x`, a constant: no gradient flows through it.
public func distributionMatchingGradient(
    x: Tensor, teacherX0: Tensor, criticX0: Tensor, level: NoiseLevel,
    weighting: DistributionMatchingWeighting = .normalized, alphaFactor: AlphaFactor = .kept
) -> Tensor {
    withoutGradients {
        let level = level.matching(x)
        let direction = criticX0 - teacherX0
        let weighted =
            switch weighting {
            case .normalized:
                direction
                    / (teacherX0 - x).abs().mean(dims: Array(1..<x.rank), keepDims: true)
                    .clamped(min: 1e-8, max: .infinity)
            case .sigmaOverAlpha: direction / level.sigma
            case .sigmaCubedOverAlpha: direction * level.sigma
            }
        return alphaFactor == .kept ? weighted * level.alpha : weighted
    }
}

/// A loss of each sample whose gradient with respect to `x` is `g` divided by the number of the sample's elements:
/// `1/2 mean((x - stopgrad(x - g))^2)`.
///
/// Its value is `1/2 mean(g^2)`: it tells how far the critic and the teacher are apart, need not fall, and rises at
/// the start of a run. Source: DMD, Algorithm 2 (arXiv 2311.18828).
///
/// - Parameters:
///   - x: generated images `[N, ...]`; gradient flows through them alone.
///   - gradient: `g` from ``distributionMatchingGradient(x:teacherX0:criticX0:level:weighting:alphaFactor:)``.
/// - Returns: `[N]`.
public func distributionMatchingLoss(x: Tensor, gradient: Tensor) -> Tensor {
    let target = withoutGradients { x - gradient }
    return (x - target).square().flattened(from: 1).mean(dims: [1]) * 0.5
}

/// The term of ``distributionMatchingLoss(x:gradient:)``, with the weights of a ``Divergence``.
public struct DistributionMatching: GeneratorTerm {
    /// `distribution_matching`; the norm of an image's gradient is logged as `norm/distribution_matching`.
    public let name = "distribution_matching"
    private let settings: DistributionMatchingSettings
    private let ratios: DensityRatios?

    /// DMD's own term, with these settings; their divergence is left out.
    public init(_ settings: DistributionMatchingSettings = .init()) { self.init(settings, ratios: nil) }

    init(_ settings: DistributionMatchingSettings, ratios: DensityRatios?) {
        self.settings = settings
        self.ratios = settings.divergence == .reverseKL ? nil : ratios
    }

    /// That of the settings.
    public var weight: Double { settings.weight }
    /// The predictions of teacher and critic, and for a divergence the discriminator's logits.
    public var inputs: TermInputs { ratios == nil ? .scores : [.scores, .scoreLogits] }

    /// The loss of each sample.
    public func callAsFunction(_ output: GeneratorOutput) -> TermValue {
        guard let scores = output.scores else { preconditionFailure("distribution matching reads scores") }
        var gradient = distributionMatchingGradient(
            x: output.samples, teacherX0: scores.teacher.x0, criticX0: scores.critic.x0, level: scores.level,
            weighting: settings.weighting, alphaFactor: settings.alphaFactor)
        var scalars: [String: Tensor] = [:]
        if let ratios, let logits = scores.logits {
            let weights = ratios.weights(settings.divergence, logits: logits, positions: scores.positions)
            scalars["weight/divergence"] = weights
            gradient =
                gradient
                * weights.reshaped([-1] + Array(repeating: 1, count: gradient.rank - 1)).to(gradient.dtype)
        }
        scalars["norm/\(name)"] = gradient.flattened(from: 1).square().sum(dims: [1]).sqrt()
        return TermValue(
            distributionMatchingLoss(x: output.samples, gradient: gradient), scalars: scalars)
    }
}
