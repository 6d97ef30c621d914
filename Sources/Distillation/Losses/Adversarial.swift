// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The generator's adversarial loss of each sample, `mean softplus(-l)` over its logits: the non-saturating loss of Goodfellow et al.
/// 2014 (arXiv 1406.2661).
///
/// Source: DMD2, section 4.3 (arXiv 2405.14867).
///
/// - Parameter fake: logits `l` of generated samples, `[N, K]`; gradient flows through them.
/// - Returns: `[N]`.
public func adversarialLoss(fake: Tensor) -> Tensor { (-fake).softplus().mean(dims: [1]) }

/// The discriminator's loss of each pair of samples, `mean softplus(l_fake) + mean softplus(-l_real)`: 2 ln 2, about 1.386, where it
/// cannot tell them apart, and at best less by twice the Jensen-Shannon divergence of both distributions.
///
/// Source: DMD2, section 4.3 (arXiv 2405.14867).
///
/// - Parameters:
///   - real: logits of real samples, `[N, K]`; gradient flows through them, as through those of generated ones.
///   - fake: logits of as many generated samples, `[N, K]`.
/// - Returns: `[N]`.
public func discriminatorLoss(real: Tensor, fake: Tensor) -> Tensor {
    fake.softplus().mean(dims: [1]) + (-real).softplus().mean(dims: [1])
}

/// The term of ``adversarialLoss(fake:)``.
public struct Adversarial: GeneratorTerm {
    /// `adversarial`.
    public let name = "adversarial"
    /// Its weight in the generator's loss.
    public let weight: Double

    /// A term.
    public init(weight: Double) { self.weight = weight }

    /// What the discriminator makes of the samples.
    public var inputs: TermInputs { .logits }

    /// The loss of each sample.
    public func callAsFunction(_ output: GeneratorOutput) -> TermValue {
        guard let logits = output.logits else { preconditionFailure("the adversarial loss reads logits") }
        return TermValue(adversarialLoss(fake: logits))
    }
}

/// The term of ``discriminatorLoss(real:fake:)``, which trains the heads, and the critic where they stand on its features.
///
/// With a weight for R1 it also keeps the logits of real samples from changing with little noise,
/// `mean (l(x) - l(x + 0.1 eps))^2`: finite differences in the place of the gradient's norm, as in f-distill (arXiv 2502.15681).
public struct Discrimination: CriticTerm {
    /// `discriminator`; the mean logits are logged as `logit/real` and `logit/fake`.
    public let name = "discriminator"
    /// Its weight in the loss.
    public let weight: Double
    private let r1Weight: Double

    /// A term.
    public init(weight: Double = 1, r1Weight: Double = 0) {
        self.weight = weight
        self.r1Weight = r1Weight
    }

    /// Logits of real samples and of generated ones, and of real ones with a little noise for R1.
    public var inputs: CriticInputs { r1Weight > 0 ? [.logits, .perturbedLogits] : .logits }

    /// The loss of each pair of samples.
    public func callAsFunction(_ input: CriticInput) -> TermValue {
        guard let logits = input.logits else { preconditionFailure("the discriminator's loss reads logits") }
        var scalars = [
            "logit/real": logits.real.mean(dims: [1]), "logit/fake": logits.fake.mean(dims: [1]),
        ]
        var loss = discriminatorLoss(real: logits.real, fake: logits.fake)
        if let perturbed = logits.perturbed {
            let roughness = (logits.real - perturbed).square().mean(dims: [1])
            scalars["discriminator/r1"] = roughness
            loss = loss + r1Weight * roughness
        }
        return TermValue(loss, scalars: scalars)
    }
}
