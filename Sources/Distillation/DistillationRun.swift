// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
import Foundation
import Logging
public import Training

/// A distillation in a folder: it goes on from the folder's last checkpoint, logs, lets samples be drawn, writes
/// checkpoints, and ends with the last step or when it is asked to.
///
/// Going on gives, bit for bit on the CPU, what an uninterrupted run gives.
public struct DistillationRun<Network: Denoiser> {
    /// How a run ended.
    public enum Outcome: Equatable, Sendable {
        /// All steps are done.
        case finished
        /// It was asked to stop, and left a checkpoint of this many steps.
        case interrupted(step: Int)
    }

    /// Teacher, generator and critic.
    public let distiller: Distiller<Network>
    /// The run's folder.
    public let folder: RunFolder

    /// Draws samples of the generator, and may record pictures of this step.
    public var sample: (_ step: Int, MetricLog) throws -> Void = { _, _ in }
    /// Hears the numbers of a logged step and what they say.
    public var report: (_ step: Int, _ scalars: [String: Double], Health) -> Void = { _, _, _ in }
    /// Whether to stop after the present step.
    public var isInterrupted: () -> Bool = { Interrupt.isRequested }
    /// Makes the display of how far the run is; nil shows nothing.
    public var makeProgress: (_ total: Int, _ done: Int) -> ProgressReport? = {
        ProgressReport("distil", total: $0, done: $1)
    }

    private var recipe: DistillationRecipe { distiller.recipe }

    /// A run of `distiller`, which must not have made a step, in `folder`.
    public init(_ distiller: Distiller<Network>, in folder: RunFolder) {
        self.distiller = distiller
        self.folder = folder
    }

    /// Runs to the end.
    ///
    /// - Throws: ``RunFolderError``, ``FileError`` and ``CheckpointError`` if the folder cannot take the run or go on
    ///   with it, ``DistillationError/diverged(step:what:)``, and what `sample` throws.
    public func run() throws -> Outcome {
        try folder.run(recipe) {
            let checkpoint = try CheckpointReader.latest(in: folder.checkpoints)
            if let checkpoint { try distiller.load(checkpoint) }
            let first = checkpoint?.step ?? 0
            let log = try MetricLog(folder, after: checkpoint?.step)
            let checkpoints = try CheckpointWriter(folder.checkpoints)
            var meter = HealthMeter(distiller)
            var progress = makeProgress(recipe.steps, first)
            var note = ""
            var wasSane = true

            for index in first..<recipe.steps {
                let step = distiller.step(index)
                let done = index + 1
                let isStopping = isInterrupted()
                let isLast = done == recipe.steps

                if done % recipe.logEvery == 0 || isLast {
                    let (scalars, health) = meter.measure(step, done: done)
                    try log.record(step: done, scalars)
                    report(done, scalars, health)
                    if health.isSane != wasSane {
                        logger.log(level: health.isSane ? .notice : .warning, "Step \(done): \(health)")
                        wasSane = health.isSane
                    }
                    note = "loss/dm \(short(scalars["loss/dm"])), critic lag \(short(scalars["critic/lag"]))"
                }
                if done % recipe.sampleEvery == 0 || isLast { try sample(done, log) }
                if done % recipe.checkpointEvery == 0 || isLast || isStopping {
                    try checkFinite(step, done: done)
                    try log.synchronize()
                    try checkpoints.write(step: done, files: distiller.state, state: [String: String]())
                }
                progress?.update(done, note: note)
                if isStopping && !isLast { return .interrupted(step: done) }
            }
            progress?.finish(note: note)
            return .finished
        }
    }

    /// Keeps weights that are lost out of checkpoints.
    private func checkFinite(_ step: StepReport, done: Int) throws {
        for (tag, value) in step.scalars().sorted(by: { $0.key < $1.key }) where !value.isFinite {
            throw DistillationError.diverged(step: done, what: tag)
        }
    }
}

private let logger = Logger(label: "distillation")

private func short(_ value: Double?) -> String { value.map { String(format: "%.3g", $0) } ?? "-" }
