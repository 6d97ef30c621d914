// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Torch

/// The raw network `F` inside of an ``EDMDenoiser``.
public protocol EDMNetwork: Module {
    /// The shape of one sample, `[C, H, W]`.
    var sampleShape: [Int] { get }

    /// The number of classes; 0 without classes.
    var classCount: Int { get }

    /// A network of the same architecture with weights of its own.
    func untrained() -> Self

    /// Evaluates `F`.
    ///
    /// - Parameters:
    ///   - x: scaled samples of about unit variance, `[N, C, H, W]`.
    ///   - noise: `cNoise`, `[N]`.
    ///   - classes: the class of each as a one-hot row `[N, classCount]`; none if and only if there are no classes.
    ///   - features: takes inner features `[N, c, h, w]`, from the first to the last; nil where nobody asks for them.
    /// - Returns: a tensor like `x`, or one with further channels behind those of an image.
    func callAsFunction(_ x: Tensor, noise: Tensor, classes: Tensor?, features: ((Tensor) -> Void)?) -> Tensor

    /// The inner features alone, for which a network need not be evaluated to its end.
    func features(_ x: Tensor, noise: Tensor, classes: Tensor?) -> [Tensor]
}

extension EDMNetwork {
    /// Evaluates `F` alone.
    public func callAsFunction(_ x: Tensor, noise: Tensor, classes: Tensor?) -> Tensor {
        self(x, noise: noise, classes: classes, features: nil)
    }

    /// Those of a whole evaluation.
    public func features(_ x: Tensor, noise: Tensor, classes: Tensor?) -> [Tensor] {
        var features: [Tensor] = []
        _ = self(x, noise: noise, classes: classes) { features.append($0) }
        return features
    }
}

/// A raw network under the scalings that make it a denoiser. Source: Karras et al. 2022, equation 7 (arXiv 2206.00364).
///
/// The paths of its tensors, `model.enc...`, are those of the published checkpoints.
public final class EDMDenoiser: FeatureDenoiser, MixedPrecision {
    /// `F`.
    public let model: any EDMNetwork
    /// What `F` computes in; the scalings around it keep the type of the samples.
    public let computeType = Setting(ComputeType.float32)
    /// The scalings around it.
    public let preconditioning: any Preconditioning
    /// DMD's levels, as far as the network knows them.
    public let schedule: any NoiseSchedule

    /// Wraps a network.
    public init(_ model: any EDMNetwork, preconditioning: any Preconditioning = EDMPreconditioning()) {
        self.model = model
        self.preconditioning = preconditioning
        schedule = preconditioning.schedule
    }

    /// What the scalings keep, and the network as `model`.
    public var children: [Child] { preconditioning.buffers + [.module("model", model)] }

    /// The shape of the network's samples, `[C, H, W]`.
    public var sampleShape: [Int] { model.sampleShape }

    /// The network's classes.
    public var conditioning: Conditioning { model.classCount > 0 ? .classes(model.classCount) : .none }

    /// A copy with weights of its own, or the same.
    public func replica(sharing: WeightSharing) -> EDMDenoiser {
        func untrained<Network: EDMNetwork>(_ network: Network) -> EDMDenoiser {
            EDMDenoiser(network.untrained(), preconditioning: preconditioning)
        }
        return untrained(model).taking(weightsOf: self, sharing)
    }

    /// `D(x; sigma) = cSkip x + cOut F(cIn x; cNoise)`.
    ///
    /// A network with classes that is called without a condition sees a row of zeros, as the published ones do. Of a
    /// network with more outputs than an image has channels, the first ones count.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition? = nil) -> Tensor
    {
        evaluated(x, level, condition, features: nil)
    }

    /// The prediction, and what the network shows: of ``SongUNet`` and ``DhariwalUNet`` the last output of the encoder at
    /// each resolution.
    public func predictAndFeatures(
        _ x: Tensor, at level: NoiseLevel, given condition: Condition?
    ) -> Prediction {
        var features: [Tensor] = []
        let x0 = evaluated(x, level, condition) { features.append($0.to(x.dtype)) }
        return Prediction(x0: x0, features: features)
    }

    /// What the network shows, of which only the encoder is evaluated.
    public func features(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> [Tensor] {
        let input = input(x, level.matching(x).sigma, condition)
        return model.features(input.x, noise: input.noise, classes: input.classes).map { $0.to(x.dtype) }
    }

    /// That of the scalings, `1 / cOut^2`.
    public func lossWeight(at level: NoiseLevel) -> Tensor { preconditioning.lossWeight(level.sigma) }

    private func evaluated(
        _ x: Tensor, _ level: NoiseLevel, _ condition: Condition?, features: ((Tensor) -> Void)?
    ) -> Tensor {
        let sigma = level.matching(x).sigma
        let known = preconditioning.cSkip(sigma) * x
        let input = input(x, sigma, condition)
        let residual = model(input.x, noise: input.noise, classes: input.classes, features: features)
        let channels = x.shape[1]
        let image =
            residual.shape[1] == channels ? residual : residual.narrowed(dim: 1, start: 0, count: channels)
        return known + preconditioning.cOut(sigma) * image.to(x.dtype)
    }

    /// What the network is given: `cIn x` in the type that it computes in, `cNoise`, and the classes.
    private func input(
        _ x: Tensor, _ sigma: Tensor, _ condition: Condition?
    ) -> (x: Tensor, noise: Tensor, classes: Tensor?) {
        let scaled = preconditioning.cIn(sigma) * x
        let computeType = computeType.value
        return (
            computeType == .float32 ? scaled : scaled.to(computeType.dtype),
            preconditioning.cNoise(sigma).flattened(),
            classCount > 0
                ? condition?.classes ?? .zeros([x.shape[0], classCount], dtype: x.dtype, device: x.device)
                : nil
        )
    }
}
