// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

extension Denoiser {
    /// The one-step generator that a denoiser is at the schedule's highest noise level, `G(z) = mu(x_T, T - 1)` with
    /// `x_T` pure noise.
    ///
    /// "Without time conditioning", as the paper has it, means that the level is always this one. Source: DMD,
    /// section 3.1 (arXiv 2311.18828).
    ///
    /// - Parameters:
    ///   - z: unit normal noise `[N, C, H, W]`.
    ///   - condition: what the denoiser takes as a condition, `[N, ...]`, such as one-hot rows of classes; nil for none.
    /// - Returns: images, as `z`.
    public func generate(from z: Tensor, condition: Tensor? = nil) -> Tensor {
        let level = schedule.level(
            at: Tensor.full([z.shape[0]], value: Double(schedule.count - 1), dtype: .int64, device: z.device)
        )
        return self(z * schedule.initialScale, at: level, condition: condition)
    }
}
