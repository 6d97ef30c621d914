// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import Torch
import Training

/// A network that descends on a loss, which is all that both stages have in common. `TrainedNetwork` makes the updates, and
/// `Run` adds checkpoints, the log and the way back to them.
final class Descent<Network: Module>: TrainingTask {
    struct Report: TrainingReport {
        let measured: [String: Tensor]
        let fault: TrainingFault?
    }

    let settings: StageSettings
    var learningRateFactor = 1.0
    private let trained: TrainedNetwork<Network>
    private let makeNetwork: () -> Network
    private let batch: (Int) throws -> [Tensor]
    private let loss: @Sendable (Network, [Tensor]) -> Tensor

    /// - Parameters:
    ///   - settings: see ``StageSettings``.
    ///   - makeNetwork: makes a new network, the same each time.
    ///   - batch: draws what a step learns from, tensors `[batch, ...]`, by its number.
    ///   - loss: the mean loss of a part of that; called from several threads at once.
    init(
        _ settings: StageSettings, makeNetwork: @escaping () -> Network,
        batch: @escaping (Int) throws -> [Tensor], loss: @escaping @Sendable (Network, [Tensor]) -> Tensor
    ) {
        self.settings = settings
        self.makeNetwork = makeNetwork
        self.batch = batch
        self.loss = loss
        let network = makeNetwork()
        trained = TrainedNetwork(
            "network", network,
            averages: Averages(of: network, halfLivesImages: [settings.emaHalfLifeImages], rampUpRatio: 0.05))
    }

    var parameterCount: Int { trained.network.parameterCount }

    /// The moving average of the weights.
    func averaged() -> Network {
        let copy = makeNetwork()
        trained.copyAverage(0, to: copy)
        return copy
    }

    var stepCount: Int { settings.steps }
    var imagesPerStep: Int { settings.batch }
    var intervals: RunIntervals {
        RunIntervals(
            log: settings.logEvery, sample: settings.sampleEvery, checkpoint: settings.sampleEvery)
    }

    func step(_ index: Int) throws -> Report {
        let partCount = min(LibTorch.threads, settings.batch)
        let inputs = try batch(index).map { $0.chunked(partCount) }
        let update = try trained.update(
            microBatches: partCount, learningRate: learningRate(index), clipNorm: 1
        ) { [network = trained.network, loss, settings] part in
            let inputs = inputs.map { $0[part] }
            let share = loss(network, inputs) * (Double(inputs[0].shape[0]) / Double(settings.batch))
            return MicroBatch(loss: share, scalars: ["loss": share.detached()], result: ())
        }
        let fault = update.fault.map { values in
            TrainingFault(
                step: index + 1, network: "network", values: values, noiseLevels: [], seed: settings.seed,
                streams: [])
        }
        if fault == nil {
            trained.updateAverages(batchSize: settings.batch, imagesBefore: index * settings.batch)
        }
        return Report(measured: update.scalars, fault: fault)
    }

    private func learningRate(_ step: Int) -> Double {
        settings.learningRate * learningRateFactor * warmUp(step, length: 100)
            * coolDown(step, length: settings.steps / 2, duration: settings.steps)
    }

    func scalars(of report: Report, done: Int) -> [String: Double] {
        report.scalars().merging(["learning_rate": learningRate(done - 1)]) { $1 }
    }

    var state: [String: OrderedDictionary<String, Tensor>] { trained.state }

    func load(_ checkpoint: Checkpoint) throws { try trained.load(checkpoint) }
}
