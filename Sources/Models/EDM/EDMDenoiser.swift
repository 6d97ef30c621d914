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
    ///   - condition: the class of each as a one-hot row `[N, classCount]`; none if and only if there are no classes.
    /// - Returns: a tensor like `x`, or one with further channels behind those of an image.
    func callAsFunction(_ x: Tensor, noise: Tensor, condition: Tensor?) -> Tensor
}

/// A raw network under the scalings that make it a denoiser. Source: Karras et al. 2022, equation 7 (arXiv 2206.00364).
///
/// The paths of its tensors, `model.enc...`, are those of the published checkpoints.
public final class EDMDenoiser: Denoiser, MixedPrecision {
    /// `F`.
    public let model: any EDMNetwork
    /// What `F` computes in; the scalings around it keep the type of the samples.
    public var computeType = ComputeType.float32
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
    public var members: [Member] { preconditioning.buffers + [.module("model", model)] }

    /// The shape of the network's samples, `[C, H, W]`.
    public var sampleShape: [Int] { model.sampleShape }

    /// The network's number of classes; 0 without classes.
    public var classCount: Int { model.classCount }

    /// A denoiser of the same architecture with weights of its own, on the CPU.
    public func untrained() -> EDMDenoiser {
        func copy<Network: EDMNetwork>(_ network: Network) -> EDMDenoiser {
            EDMDenoiser(network.untrained(), preconditioning: preconditioning)
        }
        return copy(model)
    }

    /// `D(x; sigma) = cSkip x + cOut F(cIn x; cNoise)`.
    ///
    /// A network with classes that is called without a condition sees a row of zeros, as the published ones do. Of a
    /// network with more outputs than an image has channels, the first ones count.
    public func callAsFunction(_ x: Tensor, at level: NoiseLevel, condition: Tensor? = nil) -> Tensor {
        let sigma = level.sigma.to(x.dtype).to(x.device)
        let known = preconditioning.cSkip(sigma) * x
        let scaled = preconditioning.cIn(sigma) * x
        let residual = model(
            computeType == .float32 ? scaled : scaled.to(computeType.dtype),
            noise: preconditioning.cNoise(sigma).flattened(),
            condition: classCount > 0
                ? condition ?? .zeros([x.shape[0], classCount], dtype: x.dtype, device: x.device) : nil)
        let channels = x.shape[1]
        let image =
            residual.shape[1] == channels ? residual : residual.narrowed(dim: 1, start: 0, count: channels)
        return known + preconditioning.cOut(sigma) * image.to(x.dtype)
    }

    /// That of the scalings, `1 / cOut^2`.
    public func lossWeight(at level: NoiseLevel) -> Tensor { preconditioning.lossWeight(level.sigma) }
}
