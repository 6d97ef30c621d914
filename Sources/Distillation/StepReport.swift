// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch
public import Training

/// What one step of distillation has to tell. All are tensors without dimensions, which nobody has waited for: reading
/// one with `item()` does.
public struct StepReport {
    /// The distribution matching loss, `1/2 mean(g^2)`.
    public let distributionMatchingLoss: Tensor
    /// The regression loss before its weight `lambda`; nil without pairs.
    public let regressionLoss: Tensor?
    /// The critic's loss, averaged over its updates.
    public let criticLoss: Tensor
    /// The norm of `g`, averaged over images.
    public let distributionMatchingGradientNorm: Tensor
    /// The norm of the generator's gradient before clipping.
    public let generatorGradientNorm: Tensor
    /// The norm of the critic's gradient before clipping, averaged over its updates.
    public let criticGradientNorm: Tensor
    /// The images `[N, C, H, W]` that the generator made for distribution matching, without gradient.
    public let images: Tensor
    /// What was not finite; the update that would have followed, and those after it in the step, were not made.
    public let fault: TrainingFault?

    /// The numbers by the tags of the log; waits for the device.
    public func scalars() -> [String: Double] {
        var scalars = [
            "loss/dm": distributionMatchingLoss.item(),
            "loss/critic": criticLoss.item(),
            "norm/dm_gradient": distributionMatchingGradientNorm.item(),
            "norm/generator_gradient": generatorGradientNorm.item(),
            "norm/critic_gradient": criticGradientNorm.item(),
        ]
        scalars["loss/regression"] = regressionLoss?.item()
        return scalars
    }
}
