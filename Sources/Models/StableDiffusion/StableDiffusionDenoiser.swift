// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch

/// What a network of a variance-preserving diffusion was trained to predict.
public enum PredictionType: String, Codable, Sendable, CaseIterable {
    /// The noise: `mu = (x - sigma eps) / alpha`. Source: Ho et al. 2020, equation 15 (arXiv 2006.11239).
    case epsilon
    /// The velocity `v = alpha eps - sigma x0`: `mu = alpha x - sigma v`. Source: Salimans and Ho 2022, appendix D (arXiv
    /// 2202.00512).
    case velocity = "v_prediction"

    /// `mu`, the clean sample that belongs to a prediction.
    ///
    /// - Parameters:
    ///   - output: the prediction, `[N, ...]`.
    ///   - x: the noised samples, of the same shape and type.
    ///   - level: how noisy they are, `NoiseLevel.matching(_:)` them.
    public func clean(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor {
        switch self {
        case .epsilon: (x - level.sigma * output) / level.alpha
        case .velocity: level.alpha * x - level.sigma * output
        }
    }
}

/// Stable Diffusion's network as a denoiser of latents; a `Guided` around it adds classifier-free guidance.
///
/// The condition is the tokens of each prompt, `context` of shape `[N, m, crossAttentionDim]`. The clean sample is made in
/// float64: at the highest levels alpha is small, and dividing by it would enlarge the rounding of float32.
public final class StableDiffusionDenoiser: FeatureDenoiser, MixedPrecision {
    /// The network.
    public let unet: UNet2DConditionModel
    /// What it predicts.
    public let prediction: PredictionType
    /// The levels that it was trained for.
    public let schedule: any NoiseSchedule
    /// The shape of the latents, `[C, h, w]`; others of suitable size are taken as well.
    public let sampleShape: [Int]
    /// What the network computes in; what is around it keeps the type of the samples, or is float64.
    public let computeType = Setting(ComputeType.float32)

    /// The guidance where nothing is said, as diffusers takes it.
    public static let usualGuidance = 7.5

    /// Wraps a network.
    ///
    /// - Parameters:
    ///   - unet: the network; its inputs are as many channels as its outputs.
    ///   - prediction: what the network predicts.
    ///   - schedule: the levels that it was trained for.
    ///   - sampleShape: the shape of the latents; if not given, that of the training.
    public init(
        _ unet: UNet2DConditionModel, prediction: PredictionType = .epsilon,
        schedule: any NoiseSchedule = VariancePreservingSchedule.scaledLinear(), sampleShape: [Int]? = nil
    ) {
        let sizes = unet.configuration
        precondition(sizes.inChannels == sizes.outChannels, "a denoiser gives back what it is given")
        self.unet = unet
        self.prediction = prediction
        self.schedule = schedule
        self.sampleShape = sampleShape ?? [sizes.inChannels, sizes.sampleHeight, sizes.sampleWidth]
    }

    /// Wraps the network of a model.
    ///
    /// - Parameters:
    ///   - unet: the network.
    ///   - scheduler: what the network predicts, and the levels that it was trained for.
    ///   - sampleShape: the shape of the latents; if not given, that of the training.
    public convenience init(
        _ unet: UNet2DConditionModel, scheduler: SchedulerConfiguration, sampleShape: [Int]? = nil
    ) {
        self.init(
            unet, prediction: scheduler.prediction, schedule: scheduler.schedule, sampleShape: sampleShape)
    }

    /// `context`.
    public var conditioning: Conditioning { .named(["context"]) }

    /// A copy with weights of its own, or the same.
    public func replica(sharing: WeightSharing) -> StableDiffusionDenoiser {
        var stream = RandomStream(seed: 0, purpose: "network.weights")
        let unet = UNet2DConditionModel(unet.configuration, initialisation: .none, from: &stream)
        return StableDiffusionDenoiser(
            unet, prediction: prediction, schedule: schedule, sampleShape: sampleShape
        ).taking(weightsOf: self, sharing)
    }

    /// What makes the squared error of `mu` that of the prediction: `alpha^2 / sigma^2` for noise, `1 / sigma^2` for the
    /// velocity.
    public func lossWeight(at level: NoiseLevel) -> Tensor {
        prediction == .epsilon ? (level.alpha / level.sigma).square() : 1 / level.sigma.square()
    }

    /// The network as `unet`.
    public var children: [Child] { [.module("unet", unet)] }

    /// `mu(x_t, t | prompt)`.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        evaluated(x, level, condition, features: nil)
    }

    /// The prediction, and what the network's down blocks make, each before it halves the resolution, and its middle block.
    public func predictAndFeatures(
        _ x: Tensor, at level: NoiseLevel, given condition: Condition?
    ) -> Prediction {
        var features: [Tensor] = []
        let x0 = evaluated(x, level, condition) { features.append($0.to(x.dtype)) }
        return Prediction(x0: x0, features: features)
    }

    /// The features alone, without the network's way up.
    public func features(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> [Tensor] {
        let input = input(x, level, condition)
        return unet.features(input.x, time: input.time, context: input.context).map { $0.to(x.dtype) }
    }

    private func input(
        _ x: Tensor, _ level: NoiseLevel, _ condition: Condition?
    ) -> (x: Tensor, time: Tensor, context: Tensor) {
        guard let context = condition?.context else {
            preconditionFailure(
                "Stable Diffusion needs the tokens of prompts, those of the empty one at least")
        }
        let computeType = computeType.value
        return (
            computeType == .float32 ? x : x.to(computeType.dtype), level.time.to(.float32).to(x.device),
            context
        )
    }

    private func evaluated(
        _ x: Tensor, _ level: NoiseLevel, _ condition: Condition?, features: ((Tensor) -> Void)?
    ) -> Tensor {
        let input = input(x, level, condition)
        let output = unet(input.x, time: input.time, context: input.context, features: features)
        let precise = x.to(x.device == .mps ? .float32 : .float64)
        return prediction.clean(from: output.to(precise.dtype), precise, at: level.matching(precise)).to(
            x.dtype)
    }
}
