// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch

/// A part of the loss of the critic and of the discriminator's heads; see ``GeneratorTerm``.
public protocol CriticTerm: Sendable {
    /// What the log calls it, after `loss/`.
    var name: String { get }
    /// What it is multiplied by in the sum of all terms.
    var weight: Double { get }
    /// What it reads beside the generated samples. What no term reads is not computed.
    var inputs: CriticInputs { get }

    /// The loss of each sample. Several threads call this at once, each with a part of a batch.
    func callAsFunction(_ input: CriticInput) -> TermValue
}

/// What terms of the critic read.
public struct CriticInputs: OptionSet, Sendable {
    /// A bit for each.
    public let rawValue: Int

    /// Inputs of their bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// What the critic makes of the generated samples once these are noised: ``CriticInput/denoised``.
    public static let denoised = CriticInputs(rawValue: 1)
    /// What the discriminator makes of generated and real samples: ``CriticInput/logits``.
    public static let logits = CriticInputs(rawValue: 2)
    /// The same of real samples with a little noise beneath: ``CriticInput/Logits/perturbed``.
    public static let perturbedLogits = CriticInputs(rawValue: 4)
}

/// What critic and discriminator make of generated samples once these are noised. The noise is another than the generator's turn had.
public struct CriticInput: Sendable {
    /// Generated samples `[N, ...]`, constants.
    public let samples: Tensor
    /// What each sample was conditioned on.
    public let condition: Condition?
    /// What the critic makes of them; where no term asks for it, nil.
    public let denoised: Denoised?
    /// What the discriminator makes of them; where no term asks for it, nil.
    public let logits: Logits?

    /// What the critic makes of noised samples.
    public struct Denoised: Sendable {
        /// The level of each sample.
        public let level: NoiseLevel
        /// `mu_fake(x_t, t)`; gradient flows to the critic's weights.
        public let prediction: Prediction
        /// `lambda_t` of the teacher's own training, `[N]`.
        public let weight: Tensor

        /// Collects these.
        public init(level: NoiseLevel, prediction: Prediction, weight: Tensor) {
            (self.level, self.prediction, self.weight) = (level, prediction, weight)
        }
    }

    /// What the discriminator makes of noised samples, generated and real, at levels of their own; gradient flows to the heads, and to
    /// the critic where they stand on its features.
    public struct Logits: Sendable {
        /// Of generated samples, `[N, K]`.
        public let fake: Tensor
        /// Of real samples, `[N, K]`.
        public let real: Tensor
        /// Of the same real samples with a little more noise, `[N, K]`; where no term asks for it, nil.
        public let perturbed: Tensor?

        /// Collects these.
        public init(fake: Tensor, real: Tensor, perturbed: Tensor? = nil) {
            (self.fake, self.real, self.perturbed) = (fake, real, perturbed)
        }
    }

    /// Collects these.
    public init(
        samples: Tensor, condition: Condition?, denoised: Denoised? = nil, logits: Logits? = nil
    ) {
        (self.samples, self.condition) = (samples, condition)
        (self.denoised, self.logits) = (denoised, logits)
    }
}
