// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import Torch
import Training

/// A network that descends on a loss, which is all that both stages have in common; `Run` adds checkpoints, the log and the
/// way back to them.
final class Descent<Network: Module>: Trainable {
    struct Report {
        let loss: Tensor
        let gradientNorm: Tensor
        let fault: TrainingFault?
    }

    let network: Network
    let settings: StageSettings
    var learningRateFactor = 1.0
    private let makeNetwork: () -> Network
    private let batch: (Int) throws -> [Tensor]
    private let loss: (Network, [Tensor]) -> Tensor
    private let optimizer: AdamW
    private let average: EMA

    /// - Parameters:
    ///   - settings: see ``StageSettings``.
    ///   - makeNetwork: makes a new network, the same each time.
    ///   - batch: draws what a step learns from, tensors `[batch, ...]`, by its number.
    ///   - loss: the mean loss of a part of that; called from several threads at once.
    init(
        _ settings: StageSettings, makeNetwork: @escaping () -> Network,
        batch: @escaping (Int) throws -> [Tensor], loss: @escaping (Network, [Tensor]) -> Tensor
    ) {
        self.settings = settings
        self.makeNetwork = makeNetwork
        self.batch = batch
        self.loss = loss
        network = makeNetwork()
        network.setRequiresGrad(true)
        optimizer = AdamW(parameters: network.parameters, learningRate: settings.learningRate)
        average = EMA(of: network, halfLifeImages: settings.emaHalfLifeImages)
    }

    /// The moving average of the weights.
    func averaged() -> Network {
        let copy = makeNetwork()
        average.copy(to: copy)
        return copy
    }

    var stepCount: Int { settings.steps }
    var imagesPerStep: Int { settings.batch }
    var intervals: RunIntervals {
        RunIntervals(
            log: settings.logEvery, sample: settings.sampleEvery, checkpoint: settings.sampleEvery)
    }

    func step(_ index: Int) throws -> Report {
        let inputs = try batch(index)
        let parts = min(LibTorch.threads, settings.batch)
        let shares = inputs.map { $0.chunked(parts) }
        let losses = accumulateGradients(of: network.parameters.values, over: parts) { part in
            let share = shares.map { $0[part] }
            let mean = loss(network, share) * (Double(share[0].shape[0]) / Double(settings.batch))
            return (mean, mean.detached())
        }
        let total = Tensor.stacked(losses).sum()
        let gradientNorm = clipGradientNorm(network.parameters.values, to: 1)
        defer { optimizer.zeroGradients() }
        guard (total + gradientNorm).item().isFinite else {
            let values = ["loss": total.item(), "gradientNorm": gradientNorm.item()]
            let fault = TrainingFault(
                step: index + 1, network: "network", values: values, noiseLevels: [], seed: settings.seed,
                streams: [])
            return Report(loss: total, gradientNorm: gradientNorm, fault: fault)
        }
        optimizer.learningRate = learningRate(index)
        optimizer.step()
        average.update(from: network, batchSize: settings.batch, imagesBefore: index * settings.batch)
        return Report(loss: total, gradientNorm: gradientNorm, fault: nil)
    }

    private func learningRate(_ step: Int) -> Double {
        settings.learningRate * learningRateFactor * warmUp(step, length: 100)
            * coolDown(step, length: settings.steps / 2, duration: settings.steps)
    }

    func fault(of report: Report) -> TrainingFault? { report.fault }

    func scalars(of report: Report, done: Int) -> [String: Double] {
        [
            "loss": report.loss.item(), "gradientNorm": report.gradientNorm.item(),
            "learningRate": learningRate(done - 1),
        ]
    }

    var state: [String: OrderedDictionary<String, Tensor>] {
        ["network": network.state, "optimizer": optimizer.state, "ema": average.state]
    }

    func load(_ checkpoint: Checkpoint) throws {
        try network.load(checkpoint.tensors("network"))
        try optimizer.load(state: checkpoint.tensors("optimizer"))
        try average.load(state: checkpoint.tensors("ema"))
    }
}
