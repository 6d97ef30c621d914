// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Models
import Torch

/// A network of your own, which swift-dmd knows by its conformance alone.
///
/// Three layers that predict images of 8x8 pixels, under EDM's scalings. Distillation calls it from several threads at
/// once, so that it must not keep anything from one call to the next.
final class BarDenoiser: Denoiser {
    let schedule: any NoiseSchedule = KarrasSchedule(sigmaMin: 0.05, sigmaMax: 20)
    let sampleShape = [1, 8, 8]
    private let scaling = EDMPreconditioning()

    private let input: Linear
    private let hidden: Linear
    private let output: Linear

    /// The names are those of the tensors in a weights file: `input.weight`, `input.bias`, ...
    var children: [Child] { [.module("input", input), .module("hidden", hidden), .module("output", output)] }

    init() {
        var stream = RandomStream(seed: 0, purpose: "weights")
        input = Linear(64 + 1, 128, from: &stream)
        hidden = Linear(128, 128, from: &stream)
        output = Linear(128, 64, from: &stream)
    }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        let sigma = level.matching(x).sigma  // [N, 1, 1, 1]
        let image = (scaling.cIn(sigma) * x).flattened(from: 1)  // [N, 64]
        let noise = sigma.log().flattened(from: 1)  // [N, 1]
        let features = input(Tensor.concatenated([image, noise], dim: 1)).silu()
        let residual = output(hidden(features).silu()).reshaped(x.shape)
        return scaling.cSkip(sigma) * x + scaling.cOut(sigma) * residual
    }
    /// The weight of the squared error at each level, in this network's training and in the critic's.
    func lossWeight(at level: NoiseLevel) -> Tensor { scaling.lossWeight(level.sigma) }

    /// What becomes generator and critic.
    func replica(sharing: WeightSharing) -> BarDenoiser { BarDenoiser().taking(weightsOf: self, sharing) }
}
