// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// A network that predicts the clean sample: `mu(x_t, t | condition)`, the mean of all `x` that `x_t` may come from.
///
/// Samplers and distillation need no more than this. A network of your own becomes a teacher by conforming:
///
/// ```swift
/// final class MyDenoiser: Denoiser {
///     let network = MyNetwork()
///     let schedule: any NoiseSchedule = VariancePreservingSchedule.scaledLinear()
///     let sampleShape = [3, 32, 32]
///     let classCount = 0
///     var members: [Member] { [.module("network", network)] }
///
///     func callAsFunction(_ x: Tensor, at level: NoiseLevel, condition: Tensor?) -> Tensor {
///         let level = level.matching(x)
///         return (x - level.sigma * network(x, level.time)) / level.alpha  // a network that predicts the noise
///     }
/// }
/// ```
public protocol Denoiser: Module {
    /// The noise levels that the network was trained for.
    var schedule: any NoiseSchedule { get }

    /// The shape of one sample, `[C, H, W]`.
    var sampleShape: [Int] { get }

    /// The number of classes; 0 without classes.
    var classCount: Int { get }

    /// Predicts clean samples. On the CPU several threads call this at once, each with a part of a batch, so nothing may be
    /// kept from one call to the next, and no sample may depend on others of its batch.
    ///
    /// - Parameters:
    ///   - x: noised samples `[N, C, H, W]`; gradient flows through them.
    ///   - level: how noisy each of them is; in any floating-point type, on any device.
    ///   - condition: what each is to show, or none: the class as a one-hot row, `[N, classCount]`, or without classes
    ///     whatever the network knows, `[N, ...]`, such as the tokens of a prompt.
    /// - Returns: `mu(x_t, t | condition)`, as `x`.
    func callAsFunction(_ x: Tensor, at level: NoiseLevel, condition: Tensor?) -> Tensor

    /// The weight of the squared error of `mu` at each level in the network's own training, which is also the critic's.
    /// Unless told otherwise it is the signal-to-noise ratio, `alpha^2 / sigma^2`, under which the squared error is that
    /// of the predicted noise.
    ///
    /// - Returns: `lambda_t`, as `level.sigma`.
    func lossWeight(at level: NoiseLevel) -> Tensor
}

extension Denoiser {
    /// `alpha^2 / sigma^2`.
    public func lossWeight(at level: NoiseLevel) -> Tensor { (level.alpha / level.sigma).square() }
}
