// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// What a denoiser made of noised samples.
public struct Prediction: Sendable {
    /// `mu(x_t, t)`, the clean samples, as `x_t`.
    public let x0: Tensor
    /// Inner features `[N, C, ...]`, from the first to the last; none where nobody asked.
    public let features: [Tensor]

    /// Collects both.
    public init(x0: Tensor, features: [Tensor] = []) {
        self.x0 = x0
        self.features = features
    }
}

/// A denoiser that shows inner features, for discriminators and perceptual losses.
public protocol FeatureDenoiser: Denoiser {
    /// The prediction and the features of one evaluation, see ``Denoiser/callAsFunction(_:at:given:)``.
    ///
    /// - Returns: both; gradient flows through them.
    func predictAndFeatures(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Prediction

    /// The features alone, for which a network need not be evaluated to its end.
    ///
    /// - Returns: those of ``predictAndFeatures(_:at:given:)``; gradient flows through them.
    func features(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> [Tensor]
}

extension FeatureDenoiser {
    /// Those of a whole evaluation.
    public func features(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> [Tensor] {
        predictAndFeatures(x, at: level, given: condition).features
    }
}
