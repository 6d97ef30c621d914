// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
public import OrderedCollections
public import Torch
public import Training

/// What `Run` needs of a distillation.
extension Distiller: TrainingTask {
    /// The recipe's steps.
    public var stepCount: Int { recipe.steps }

    /// The recipe's batch.
    public var imagesPerStep: Int { recipe.batch }

    /// The recipe's intervals.
    public var intervals: RunIntervals {
        RunIntervals(log: recipe.logEvery, sample: recipe.sampleEvery, checkpoint: recipe.checkpointEvery)
    }

    /// What a step measured, the critic's lag after it, and what images look like beside those of the pairs; waits for the
    /// device.
    public func scalars(of report: StepReport, done: Int) throws -> [String: Double] {
        var scalars = report.scalars()
        if let losses = try criticLag(after: done) {
            scalars["critic/fresh_loss"] = losses.critic
            scalars["critic/lag"] = losses.critic / losses.teacher
        }
        for (name, norm) in try gradientNorms(after: done) { scalars["gradient/\(name)"] = norm }
        scalars.merge(ImageStatistics(of: try processes.concatenated(report.images)).scalars("images")) { $1 }
        if let realStatistics { scalars.merge(realStatistics.scalars("real")) { $1 } }
        scalars["health/sane"] = health(of: scalars, done: done)?.isSane == true ? 1 : 0
        return scalars
    }

    /// What the numbers of a step say of the run.
    public func health(of scalars: [String: Double], done: Int) -> Health? {
        Health(isWarm: done > recipe.warmUpSteps, scalars: scalars)
    }

    /// All that this process keeps for a run to go on, by file of a checkpoint; see `TrainedNetwork.state`.
    public var state: [String: OrderedDictionary<String, Tensor>] {
        let networks = generator.state.merging(critic.state) { $1 }
        guard let ratios else { return networks }
        return networks.merging(["density-ratios": ratios.state]) { $1 }
    }

    /// Brings the generator's averages together in the first process; all processes call it at once.
    public func prepareSamples() throws { try generator.gatherAverages() }

    /// All that a run needs to go on, by file, from all processes; see `TrainedNetwork.snapshot()`.
    public func snapshot() throws -> [String: OrderedDictionary<String, Tensor>] {
        let networks = try generator.snapshot().merging(critic.snapshot()) { $1 }
        guard let ratios, processes.isFirst else { return networks }
        return networks.merging(["density-ratios": ratios.state.mapValues { $0.copiedToHost() }]) { $1 }
    }

    /// Goes on from a checkpoint of ``snapshot()``.
    ///
    /// - Throws: `CheckpointError` if it is not one of a distillation, `StateMismatch` if it is one of another
    ///   network; the distiller is then not to be used.
    public func load(_ checkpoint: Checkpoint) throws {
        try generator.load(checkpoint)
        try critic.load(checkpoint)
        try ratios?.load(checkpoint.tensors("density-ratios"))
    }
}
