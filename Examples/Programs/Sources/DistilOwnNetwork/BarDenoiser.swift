// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Models
import Torch
import Training

/// A network of your own: three layers that predict images of 8 x 8 pixels, under EDM's scalings.
final class BarDenoiser: Denoiser {
    let schedule: any NoiseSchedule = KarrasSchedule(sigmaMin: 0.05, sigmaMax: 20)
    let sampleShape = [1, 8, 8]
    private let scaling = EDMPreconditioning()
    private let input: Linear
    private let hidden: Linear
    private let output: Linear

    var children: [Child] { [.module("input", input), .module("hidden", hidden), .module("output", output)] }

    init() {
        var stream = RandomStream(seed: 0, purpose: "weights")
        input = Linear(64 + 1, 128, from: &stream)
        hidden = Linear(128, 128, from: &stream)
        output = Linear(128, 64, from: &stream)
    }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        let sigma = level.matching(x).sigma
        let image = (scaling.cIn(sigma) * x).flattened(from: 1)
        let noise = sigma.log().flattened(from: 1)
        let features = input(Tensor.concatenated([image, noise], dim: 1)).silu()
        let residual = output(hidden(features).silu()).reshaped(x.shape)
        return scaling.cSkip(sigma) * x + scaling.cOut(sigma) * residual
    }

    func lossWeight(at level: NoiseLevel) -> Tensor { scaling.lossWeight(level.sigma) }

    func replica(sharing: WeightSharing) -> BarDenoiser { BarDenoiser().taking(weightsOf: self, sharing) }

    /// One that has learned images with a bright bar in one of 8 columns.
    static func trained() throws -> BarDenoiser {
        LibTorch.operatorThreads = 1
        let trained = TrainedNetwork("teacher", BarDenoiser())
        for step in 0..<1_500 {
            var stream = RandomStream(seed: 0, purpose: "training", step: step)
            let columns = stream.integers(below: 8, shape: [256]).oneHot(classCount: 8).to(.float32)
            let x = (columns * 2 - 1).reshaped([256, 1, 1, 8]).expanded(to: [256, 1, 8, 8])
            let schedule = trained.network.schedule
            let level = schedule.level(at: stream.integers(below: schedule.count, shape: [256]))
            let noised = level.noising(x, noise: stream.normal(x.shape))
            _ = try trained.update(microBatches: 1, learningRate: 2e-3, clipNorm: 10) {
                [network = trained.network] _ in
                let prediction = network(noised, at: level, given: nil)
                let loss = denoisingLoss(
                    prediction: prediction, x: x, weight: network.lossWeight(at: level)
                ).mean()
                return MicroBatch(loss: loss, scalars: [:], result: ())
            }
        }
        return trained.network
    }
}
