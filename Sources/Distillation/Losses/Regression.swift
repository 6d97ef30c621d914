// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// A distance between two batches of images `[N, C, H, W]` in [-1, 1], one number per image, `[N]`. Gradient flows
/// through the first argument. Called from several threads at once on the CPU. The paper takes LPIPS.
public typealias Distance = (_ generated: Tensor, _ target: Tensor) -> Tensor

/// The regression loss on pairs: the mean of `l(G(z_ref), y_ref)`, where `y_ref` is what the teacher's deterministic
/// sampler makes of the noise `z_ref`. It keeps the generator from losing modes of the teacher's distribution.
///
/// Source: DMD, equation 9 (arXiv 2311.18828).
///
/// - Parameters:
///   - generated: `G(z_ref)`, `[N, C, H, W]`; gradient flows through it.
///   - target: `y_ref`, as `generated`.
///   - distance: `l`.
/// - Returns: a tensor without dimensions.
public func regressionLoss(generated: Tensor, target: Tensor, distance: Distance) -> Tensor {
    distance(generated, target).mean()
}
