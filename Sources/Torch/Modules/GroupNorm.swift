// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch

/// Group normalisation: zero mean and unit variance over each group of channels of a sample, then a scale and an
/// offset for each channel. Source: Wu and He 2018 (arXiv 1803.08494).
public final class GroupNorm: Module {
    /// The scales, `[channels]`; one at first.
    public let weight: Tensor
    /// The offsets, `[channels]`; zero at first.
    public let bias: Tensor
    let groups: Int
    let epsilon: Double

    /// A new layer.
    ///
    /// - Parameters:
    ///   - channels: the channels of the input.
    ///   - groups: the number of groups, a divisor of `channels`.
    ///   - epsilon: added to the variance.
    public init(_ channels: Int, groups: Int, epsilon: Double) {
        precondition(channels.isMultiple(of: groups), "\(channels) channels do not form \(groups) groups")
        weight = .ones([channels])
        bias = .zeros([channels])
        self.groups = groups
        self.epsilon = epsilon
    }

    /// `weight` and `bias`.
    public var children: [Child] { [.parameter("weight", weight), .parameter("bias", bias)] }

    /// Applies the layer to `x` `[N, channels, ...]`, in the type of `x`; mean and variance are float32 at least.
    public func callAsFunction(_ x: Tensor) -> Tensor {
        x.groupNorm(groups: groups, weight: weight.to(x.dtype), bias: bias.to(x.dtype), epsilon: epsilon)
    }

    /// The layer and the activation after it, `silu(norm(x + shift))`, see ``groupNormSiLU(_:groups:weight:bias:epsilon:shift:)``.
    public func silu(_ x: Tensor, shift: Tensor? = nil) -> Tensor {
        groupNormSiLU(
            x, groups: groups, weight: weight.to(x.dtype), bias: bias.to(x.dtype), epsilon: epsilon,
            shift: shift?.to(x.dtype))
    }

    /// The layer, a scale and a shift of each sample, and the activation, `silu(norm(x) (1 + scale) + shift)`: adaptive
    /// group normalisation (Dhariwal and Nichol 2021, section 3, arXiv 2105.05233).
    ///
    /// - Parameters:
    ///   - x: `[N, channels, H, W]`.
    ///   - scale: `[N, channels]`.
    ///   - shift: `[N, channels]`.
    public func adaptiveSiLU(_ x: Tensor, scale: Tensor, shift: Tensor) -> Tensor {
        let factor = scale + 1
        return groupNormSiLU(
            x, groups: groups, weight: (weight * factor).to(x.dtype),
            bias: (bias * factor + shift).to(x.dtype), epsilon: epsilon)
    }
}

/// `silu(groupNorm(x + shift))` in one step: on the CPU it goes over memory twice instead of ten times.
///
/// - Parameters:
///   - x: `[N, C, H, W]`; gradient flows through it as through weight, bias and shift.
///   - groups: the number of groups, a divisor of `C`.
///   - weight: the scale of each channel, `[C]`, or of each sample's channels, `[N, C]`.
///   - bias: the offset of each channel, `[C]` or `[N, C]`.
///   - epsilon: added to the variance.
///   - shift: added to all pixels of a channel before the normalisation, `[N, C]`.
/// - Returns: a tensor like `x`, channels-last on the CPU.
public func groupNormSiLU(
    _ x: Tensor, groups: Int, weight: Tensor, bias: Tensor, epsilon: Double, shift: Tensor? = nil
) -> Tensor {
    var result = ct_tensor(impl: nil)
    let status = ct_group_norm_silu(
        &result, x.raw, weight.raw, bias.raw, shift?.raw ?? ct_tensor(impl: nil), Int64(groups), epsilon)
    check(status, "groupNormSiLU of \(x.summary)")
    let activated = Tensor(owning: result)
    Recorder.current?.called(
        Recording.groupNormSiLU,
        [
            .tensor(x), .int(groups), .tensor(weight), .tensor(bias), .double(epsilon), .optional(shift),
        ], [activated])
    return activated
}
