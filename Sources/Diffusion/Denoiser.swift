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
///     var children: [Child] { [.module("network", network)] }
///
///     func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
///         let level = level.matching(x)
///         return (x - level.sigma * network(x, level.time)) / level.alpha  // a network that predicts the noise
///     }
///
///     func replica(sharing: WeightSharing) -> MyDenoiser { MyDenoiser().taking(weightsOf: self, sharing) }
/// }
/// ```
public protocol Denoiser: Module {
    /// What is trained in this denoiser's place, see ``replica(sharing:)``.
    associatedtype Replica: Denoiser = Self where Replica.Replica == Replica

    /// The noise levels that the network was trained for.
    var schedule: any NoiseSchedule { get }

    /// The shape of one sample, such as `[C, H, W]`.
    var sampleShape: [Int] { get }

    /// What the network can be conditioned on; nothing unless told otherwise.
    var conditioning: Conditioning { get }

    /// Predicts clean samples. On the CPU several threads call this at once, each with a part of a batch, so nothing may be
    /// kept from one call to the next, and no sample may depend on others of its batch.
    ///
    /// - Parameters:
    ///   - x: noised samples `[N, ...]`; gradient flows through them.
    ///   - level: how noisy each of them is; in any floating-point type, on any device.
    ///   - condition: what each is to show, as ``conditioning`` says, or nothing.
    /// - Returns: `mu(x_t, t | condition)`, as `x`.
    func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor

    /// The weight of the squared error of `mu` at each level in the network's own training, which is also the critic's.
    /// Unless told otherwise it is the signal-to-noise ratio, `alpha^2 / sigma^2`, under which the squared error is that
    /// of the predicted noise.
    ///
    /// - Returns: `lambda_t`, `[N]`.
    func lossWeight(at level: NoiseLevel) -> Tensor

    /// A denoiser of the same architecture with the same weights, on the same device: a generator or a critic at the start
    /// of its training. What a teacher does to its network's predictions, such as guidance, is no part of it.
    ///
    /// - Parameter sharing: which weights are the same tensors, and which are copies.
    func replica(sharing: WeightSharing) -> Replica
}

extension Denoiser {
    /// Nothing.
    public var conditioning: Conditioning { .none }

    /// `alpha^2 / sigma^2`.
    public func lossWeight(at level: NoiseLevel) -> Tensor { (level.alpha / level.sigma).square() }

    /// The number of classes; 0 where the network knows none.
    public var classCount: Int {
        if case .classes(let count) = conditioning { count } else { 0 }
    }
}
