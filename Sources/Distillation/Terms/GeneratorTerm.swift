// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch

/// A part of the generator's loss. A method of a paper is a choice of terms, see ``Method``; a term of your own needs no
/// more than this:
///
/// ```swift
/// struct Brightness: GeneratorTerm {
///     let name = "brightness"
///     let weight = 0.1
///     func callAsFunction(_ output: GeneratorOutput) -> TermValue {
///         TermValue(output.samples.mean(dims: [1, 2, 3]).square())
///     }
/// }
/// ```
public protocol GeneratorTerm: Sendable {
    /// What the log calls it, after `loss/`, and messages do: a word, or several joined by `_`.
    var name: String { get }
    /// What it is multiplied by in the sum of all terms; with 0 it is measured alone.
    var weight: Double { get }
    /// What it reads beside the generated samples; nothing unless told otherwise. What no term reads is not computed.
    var inputs: TermInputs { get }
    /// Whether it reads samples of fresh noise; true unless told otherwise. Where no term does, those of pairs alone are made.
    var readsFreshSamples: Bool { get }

    /// The loss of each sample. Several threads call this at once, each with a part of a batch.
    ///
    /// - Parameter output: what the generator made, and whatever ``inputs`` asks for.
    /// - Returns: a loss for each of ``GeneratorOutput/samples``, or for each pair if the term reads pairs; the loss of the
    ///   batch is their mean.
    func callAsFunction(_ output: GeneratorOutput) -> TermValue
}

extension GeneratorTerm {
    /// Nothing.
    public var inputs: TermInputs { [] }
    /// True.
    public var readsFreshSamples: Bool { true }
}

/// What terms read.
public struct TermInputs: OptionSet, Sendable {
    /// A bit for each.
    public let rawValue: Int

    /// Inputs of their bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// What teacher and critic make of the generated samples once these are noised: ``GeneratorOutput/scores``.
    public static let scores = TermInputs(rawValue: 1)
    /// That gradient flows through teacher and critic to the generated samples.
    public static let scoreGradients = TermInputs(rawValue: 2)
    /// Inner features in the predictions of teacher and critic.
    public static let features = TermInputs(rawValue: 4)
    /// What the generator makes of the noise of pairs, and the teacher's samples of it: ``GeneratorOutput/pairs``.
    public static let pairs = TermInputs(rawValue: 8)
    /// What the discriminator makes of the generated samples, noised at levels of its own: ``GeneratorOutput/logits``.
    public static let logits = TermInputs(rawValue: 16)
    /// What the discriminator makes of the same noised samples as teacher and critic: ``GeneratorOutput/Scores/logits``.
    public static let scoreLogits = TermInputs(rawValue: 32)
}

/// What a term measures of a part of a batch: numbers for each sample, `[N]`, of which the log shows the means.
public struct TermValue: Sendable {
    /// The loss of each sample, `[N]`.
    public let loss: Tensor
    /// What else there is to log, by tag, `[N]` each; no gradient is needed.
    public let scalars: [String: Tensor]

    /// A loss, and what was measured beside it.
    public init(_ loss: Tensor, scalars: [String: Tensor] = [:]) {
        self.loss = loss
        self.scalars = scalars
    }
}

/// What the generator made in a part of a batch, and what teacher and critic make of it. Both are evaluated once, and all
/// terms read the same.
public struct GeneratorOutput: Sendable {
    /// `x = G(z)`, `[N, ...]`; gradient flows through it.
    public let samples: Tensor
    /// What each sample was conditioned on.
    public let condition: Condition?
    /// What teacher and critic make of the samples once these are noised; where no term asks for it, nil.
    public let scores: Scores?
    /// Pairs; where no term asks for them, nil.
    public let pairs: Pairs?
    /// The discriminator's logits of the samples once these are noised, `[N, K]`; gradient flows through them. Where no term asks for
    /// them, nil.
    public let logits: Tensor?

    /// What teacher and critic make of noised samples, `x_t = alpha x + sigma eps`. Gradient flows to the samples only
    /// where a term asks for it.
    public struct Scores: Sendable {
        /// The level of each sample.
        public let level: NoiseLevel
        /// `x_t`, as the samples.
        public let noised: Tensor
        /// `mu_base(x_t, t)`.
        public let teacher: Prediction
        /// `mu_fake(x_t, t)`.
        public let critic: Prediction
        /// Where in the schedule each level is, from 0 for the lowest to 1, `[N]` on the CPU.
        public let positions: Tensor
        /// The discriminator's logits, `[N, K]`; where no term asks for them, nil.
        public let logits: Tensor?

        /// Collects these.
        public init(
            level: NoiseLevel, noised: Tensor, teacher: Prediction, critic: Prediction, positions: Tensor,
            logits: Tensor? = nil
        ) {
            (self.level, self.noised, self.teacher, self.critic) = (level, noised, teacher, critic)
            (self.positions, self.logits) = (positions, logits)
        }
    }

    /// What the generator and the teacher's sampler make of the same noise.
    public struct Pairs: Sendable {
        /// `G(z_ref)`; gradient flows through it.
        public let generated: Tensor
        /// `y_ref`, a constant.
        public let target: Tensor

        /// Collects these.
        public init(generated: Tensor, target: Tensor) { (self.generated, self.target) = (generated, target) }
    }

    /// Collects these.
    public init(
        samples: Tensor, condition: Condition?, scores: Scores? = nil, pairs: Pairs? = nil,
        logits: Tensor? = nil
    ) {
        self.samples = samples
        self.condition = condition
        self.scores = scores
        self.pairs = pairs
        self.logits = logits
    }
}
