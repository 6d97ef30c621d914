// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Distillation
import Torch

/// Total variation: how much pixels differ from their neighbours. A generator that is punished for it makes smoother images.
struct TotalVariation: GeneratorTerm {
    let name = "total_variation"
    let weight: Double

    func callAsFunction(_ output: GeneratorOutput) -> TermValue {
        TermValue(Self.of(output.samples))
    }

    /// The mean difference of neighbours in each of the images `[N, C, H, W]`.
    static func of(_ images: Tensor) -> Tensor {
        difference(images, along: 2) + difference(images, along: 3)
    }

    private static func difference(_ images: Tensor, along dim: Int) -> Tensor {
        let count = images.shape[dim] - 1
        let next = images.narrowed(dim: dim, start: 1, count: count)
        return (next - images.narrowed(dim: dim, start: 0, count: count)).abs().mean(dims: [1, 2, 3])
    }
}
