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
    ///   - output: the prediction, `[N, C, H, W]`.
    ///   - x: the noised samples, of the same shape and type.
    ///   - level: how noisy they are, of the same type.
    public func clean(from output: Tensor, _ x: Tensor, at level: NoiseLevel) -> Tensor {
        switch self {
        case .epsilon: (x - level.sigma * output) / level.alpha
        case .velocity: level.alpha * x - level.sigma * output
        }
    }
}

/// Stable Diffusion's network as a denoiser of latents, with classifier-free guidance.
///
///     output = output_uncond + w (output_cond - output_uncond)
///
/// With `w = 1` the prompt alone counts. Both are evaluated in one batch. Source: Ho and Salimans 2022 (arXiv 2207.12598),
/// in the form that diffusers and DMD use; some code calls `w - 1` the guidance scale. The clean sample is made in float64:
/// at the highest levels alpha is small, and dividing by it would enlarge the rounding of float32.
///
/// The condition is the tokens of each prompt, `[N, m, crossAttentionDim]`.
public final class StableDiffusionDenoiser: Denoiser, MixedPrecision {
    /// The network.
    public let unet: UNet2DConditionModel
    /// What it predicts.
    public let prediction: PredictionType
    /// The levels that it was trained for.
    public let schedule: any NoiseSchedule
    /// The shape of the latents, `[C, h, w]`; others of suitable size are taken as well.
    public let sampleShape: [Int]
    /// The tokens of the empty prompt or of a negative one, `[1, m, crossAttentionDim]`: what guidance leads away from, and
    /// what is evaluated where there is no condition.
    public let unconditional: Tensor
    /// `w`.
    public var guidance: Double
    /// `w` where nothing is said, as diffusers takes it.
    public static let usualGuidance = 7.5
    /// What the network computes in; what is around it keeps the type of the samples, or is float64.
    public var computeType = ComputeType.float32

    /// 0: prompts are no classes.
    public var classCount: Int { 0 }

    /// Wraps a network.
    ///
    /// - Parameters:
    ///   - unet: the network; its inputs are as many channels as its outputs.
    ///   - unconditional: the tokens of the empty prompt or of a negative one, `[1, m, crossAttentionDim]`.
    ///   - guidance: `w`.
    ///   - prediction: what the network predicts.
    ///   - schedule: the levels that it was trained for.
    ///   - sampleShape: the shape of the latents; if not given, that of the training.
    public init(
        _ unet: UNet2DConditionModel, unconditional: Tensor, guidance: Double = 1,
        prediction: PredictionType = .epsilon,
        schedule: any NoiseSchedule = VariancePreservingSchedule.scaledLinear(), sampleShape: [Int]? = nil
    ) {
        let sizes = unet.configuration
        precondition(sizes.inChannels == sizes.outChannels, "a denoiser gives back what it is given")
        self.unet = unet
        self.unconditional = unconditional
        self.guidance = guidance
        self.prediction = prediction
        self.schedule = schedule
        self.sampleShape = sampleShape ?? [sizes.inChannels, sizes.sampleSize, sizes.sampleSize]
    }

    /// Wraps the network of a model.
    ///
    /// - Parameters:
    ///   - unet: the network.
    ///   - unconditional: the tokens of the empty prompt or of a negative one, `[1, m, crossAttentionDim]`.
    ///   - guidance: `w`.
    ///   - scheduler: what the network predicts, and the levels that it was trained for.
    ///   - sampleShape: the shape of the latents; if not given, that of the training.
    public convenience init(
        _ unet: UNet2DConditionModel, unconditional: Tensor, guidance: Double = 1,
        scheduler: SchedulerConfiguration, sampleShape: [Int]? = nil
    ) {
        self.init(
            unet, unconditional: unconditional, guidance: guidance, prediction: scheduler.prediction,
            schedule: scheduler.schedule, sampleShape: sampleShape)
    }

    /// A denoiser of the same architecture without guidance, on the CPU: a generator or a critic, once it has the teacher's
    /// weights.
    public func untrained() -> StableDiffusionDenoiser {
        var stream = RandomStream(seed: 0, purpose: "network.weights")
        return StableDiffusionDenoiser(
            UNet2DConditionModel(unet.configuration, initialisation: .none, from: &stream),
            unconditional: unconditional, prediction: prediction, schedule: schedule, sampleShape: sampleShape
        )
    }

    /// What makes the squared error of `mu` that of the prediction: `alpha^2 / sigma^2` for noise, `1 / sigma^2` for the
    /// velocity.
    public func lossWeight(at level: NoiseLevel) -> Tensor {
        prediction == .epsilon ? (level.alpha / level.sigma).square() : 1 / level.sigma.square()
    }

    /// The network as `unet`.
    public var members: [Member] { [.module("unet", unet)] }

    /// `mu(x_t, t | prompt)`, guided if there is a prompt; see ``Denoiser/callAsFunction(_:at:condition:)``.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel, condition: Tensor? = nil) -> Tensor {
        let count = x.shape[0]
        let context = unconditional.to(x.device).expanded(to: [count] + unconditional.shape.dropFirst())
        let precise = x.to(x.device == .mps ? .float32 : .float64)
        var output: Tensor
        if let condition, guidance != 1 {
            let both = evaluated(
                .concatenated([x, x]), time: .concatenated([level.time, level.time]),
                context: .concatenated([context, condition.to(context.dtype)]))
            let parts = both.to(precise.dtype).chunked(2)
            output = parts[0] + guidance * (parts[1] - parts[0])
        } else {
            output = evaluated(x, time: level.time, context: condition ?? context).to(precise.dtype)
        }
        return prediction.clean(from: output, precise, at: level.matching(precise)).to(x.dtype)
    }

    private func evaluated(_ x: Tensor, time: Tensor, context: Tensor) -> Tensor {
        unet(
            computeType == .float32 ? x : x.to(computeType.dtype), time: time.to(.float32).to(x.device),
            context: context)
    }
}
