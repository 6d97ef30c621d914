// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch

/// A part of the critic's loss; see ``GeneratorTerm``.
public protocol CriticTerm: Sendable {
    /// What the log calls it, after `loss/`.
    var name: String { get }
    /// What it is multiplied by in the sum of all terms.
    var weight: Double { get }

    /// The loss of each sample. Several threads call this at once, each with a part of a batch.
    func callAsFunction(_ input: CriticInput) -> TermValue
}

/// What the critic makes of generated samples once these are noised. The noise is another than the generator's turn had.
public struct CriticInput: Sendable {
    /// Generated samples `[N, ...]`, constants.
    public let samples: Tensor
    /// What each sample was conditioned on.
    public let condition: Condition?
    /// The level of each sample.
    public let level: NoiseLevel
    /// `mu_fake(x_t, t)`; gradient flows to the critic's weights.
    public let prediction: Prediction
    /// `lambda_t` of the teacher's own training, `[N]`.
    public let weight: Tensor

    /// Collects these.
    public init(
        samples: Tensor, condition: Condition?, level: NoiseLevel, prediction: Prediction, weight: Tensor
    ) {
        self.samples = samples
        self.condition = condition
        self.level = level
        self.prediction = prediction
        self.weight = weight
    }
}
