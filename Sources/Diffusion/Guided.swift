// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Classifier-free guidance around any denoiser: predictions are led towards the condition and away from another.
///
///     mu = mu_uncond + w (mu_cond - mu_uncond)
///
/// With `w = 1`, and where there is no condition, the network alone is asked. Both predictions are evaluated in one batch.
/// Source: Ho and Salimans 2022 (arXiv 2207.12598), in the form that diffusers and DMD use; some code calls `w - 1` the
/// guidance scale. Guidance of the predicted noise, or of the velocity, is the same: `mu` is linear in both.
public final class Guided<Base: Denoiser>: Denoiser {
    /// The network.
    public let base: Base
    /// `w`.
    public let guidance: Double
    /// What guidance leads away from, such as the tokens of the empty prompt: one row.
    public let unconditional: Condition

    /// Wraps a denoiser.
    ///
    /// - Parameters:
    ///   - base: the network.
    ///   - guidance: `w`, at least 1.
    ///   - unconditional: one row of what guidance leads away from.
    public init(_ base: Base, guidance: Double, unconditional: Condition) {
        precondition(guidance >= 1 && guidance.isFinite, "a guidance of \(guidance) leads nowhere")
        precondition(unconditional.count == 1, "guidance leads away from one condition")
        self.base = base
        self.guidance = guidance
        self.unconditional = unconditional
    }

    /// The network's levels.
    public var schedule: any NoiseSchedule { base.schedule }
    /// The network's shape of samples.
    public var sampleShape: [Int] { base.sampleShape }
    /// The network's.
    public var conditioning: Conditioning { base.conditioning }
    /// The network's tensors under its own names.
    public var children: [Child] { base.children }
    /// The network's.
    public func lossWeight(at level: NoiseLevel) -> Tensor { base.lossWeight(at: level) }
    /// A replica of the network, without guidance.
    public func replica(sharing: WeightSharing) -> Base.Replica { base.replica(sharing: sharing) }

    /// The guided prediction.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        guard let doubled = doubled(x, level, condition) else {
            return base(x, at: level, given: condition ?? unconditional(x))
        }
        return guided(base(doubled.x, at: doubled.level, given: doubled.condition))
    }

    private func guided(_ both: Tensor) -> Tensor {
        let parts = both.chunked(2)
        return parts[0] + guidance * (parts[1] - parts[0])
    }

    private func unconditional(_ x: Tensor) -> Condition {
        unconditional.to(x.device).expanded(to: x.shape[0])
    }

    /// The batch without the condition and with it; nil where one evaluation is enough.
    private func doubled(
        _ x: Tensor, _ level: NoiseLevel, _ condition: Condition?
    ) -> (x: Tensor, level: NoiseLevel, condition: Condition)? {
        guard let condition, guidance != 1 else { return nil }
        return (
            .concatenated([x, x]), .concatenated([level, level]),
            .concatenated([unconditional(x), condition])
        )
    }
}

extension Guided: MixedPrecision where Base: MixedPrecision {
    /// The network's.
    public var computeType: Setting<ComputeType> { base.computeType }
}

extension Guided: FeatureDenoiser where Base: FeatureDenoiser {
    /// The guided prediction, and the features under the condition.
    public func predictAndFeatures(_ x: Tensor, at level: NoiseLevel, given condition: Condition?)
        -> Prediction
    {
        guard let doubled = doubled(x, level, condition) else {
            return base.predictAndFeatures(x, at: level, given: condition ?? unconditional(x))
        }
        let both = base.predictAndFeatures(doubled.x, at: doubled.level, given: doubled.condition)
        return Prediction(x0: guided(both.x0), features: both.features.map { $0.chunked(2)[1] })
    }

    /// The features under the condition.
    public func features(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> [Tensor] {
        base.features(x, at: level, given: condition ?? unconditional(x))
    }
}
