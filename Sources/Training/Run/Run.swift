// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import OrderedCollections
public import Torch

/// Work that proceeds in steps, can be saved after any of them, and depends on nothing but its recipe and their number.
public protocol Trainable: AnyObject {
    /// Its settings.
    associatedtype Settings: Recipe
    /// What a step measured, still on the device.
    associatedtype Report

    /// The settings, which the run's folder keeps.
    var recipe: Settings { get }
    /// The number of steps of the whole run.
    var stepCount: Int { get }
    /// Steps between two events of each kind.
    var intervals: RunIntervals { get }
    /// All tensors that a checkpoint holds, by file.
    var state: [String: OrderedDictionary<String, Tensor>] { get }

    /// Does one step, from 0.
    func step(_ index: Int) throws -> Report
    /// Reads back what a step measured, by the tags of the log. `done` counts the steps done.
    func scalars(of report: Report, done: Int) -> [String: Double]
    /// Goes on from a checkpoint of the same recipe.
    func load(_ checkpoint: Checkpoint) throws
}

/// Steps between two lines of the log, two grids of samples, and two checkpoints.
public struct RunIntervals: Sendable, Equatable {
    /// Between two lines of the log.
    public var log: Int
    /// Between two grids of samples.
    public var sample: Int
    /// Between two checkpoints.
    public var checkpoint: Int

    /// All at least 1.
    public init(log: Int, sample: Int, checkpoint: Int) {
        self.log = log
        self.sample = sample
        self.checkpoint = checkpoint
    }
}

/// The loop around a ``Trainable`` in a folder: it goes on from the folder's last checkpoint, logs, lets samples be
/// drawn, writes checkpoints, and ends with the last step or when it is asked to.
///
/// Going on gives, bit for bit on the CPU, what an uninterrupted run gives.
public struct Run<Work: Trainable> {
    /// How a run ended.
    public enum Outcome: Equatable, Sendable {
        /// All steps are done.
        case finished
        /// It was asked to stop, and left a checkpoint of this many steps.
        case interrupted(step: Int)
    }

    /// What is being trained.
    public let work: Work
    /// The run's folder.
    public let folder: RunFolder

    /// Draws samples after a step, and may record pictures of it.
    public var sample: (_ step: Int, MetricLog) throws -> Void = { _, _ in }
    /// Hears the numbers of a logged step.
    public var report: (_ step: Int, _ scalars: [String: Double]) -> Void = { _, _ in }
    /// Whether to stop after the present step.
    public var isInterrupted: () -> Bool = { Interrupt.isRequested }
    /// Makes the display of how far the run is; nil shows nothing.
    public var makeProgress: (_ total: Int, _ done: Int) -> ProgressReport?

    /// A run of `work`, which must not have made a step, in `folder`.
    ///
    /// - Parameter title: what the display of progress calls it.
    public init(_ work: Work, in folder: RunFolder, title: String) {
        self.work = work
        self.folder = folder
        makeProgress = { ProgressReport(title, total: $0, done: $1) }
    }

    /// Runs to the end.
    ///
    /// - Throws: ``RunFolderError``, ``FileError`` and ``CheckpointError`` if the folder cannot take the run or go on
    ///   with it, ``RunError/diverged(step:what:)``, and what the work and `sample` throw.
    public func run() throws -> Outcome {
        try folder.run(work.recipe) {
            let checkpoint = try CheckpointReader.latest(in: folder.checkpoints)
            if let checkpoint { try work.load(checkpoint) }
            let first = checkpoint?.step ?? 0
            let log = try MetricLog(folder, after: checkpoint?.step)
            let checkpoints = try CheckpointWriter(folder.checkpoints)
            var progress = makeProgress(work.stepCount, first)
            let intervals = work.intervals

            for index in first..<max(first, work.stepCount) {
                let report = try work.step(index)
                let done = index + 1
                let isStopping = isInterrupted()
                let isLast = done == work.stepCount

                if done % intervals.log == 0 || isLast {
                    let scalars = work.scalars(of: report, done: done)
                    try log.record(step: done, scalars)
                    self.report(done, scalars)
                    try checkFinite(scalars, step: done)
                }
                if done % intervals.sample == 0 || isLast { try sample(done, log) }
                if done % intervals.checkpoint == 0 || isLast || isStopping {
                    // Weights that are lost must not displace those of a good checkpoint.
                    try checkFinite(work.scalars(of: report, done: done), step: done)
                    try log.synchronize()
                    try checkpoints.write(step: done, files: work.state, state: [String: String]())
                }
                progress?.update(done)
                if isStopping && !isLast {
                    progress?.finish()
                    return .interrupted(step: done)
                }
            }
            progress?.finish()
            return .finished
        }
    }

    private func checkFinite(_ scalars: [String: Double], step: Int) throws {
        for (tag, value) in scalars.sorted(by: { $0.key < $1.key }) where !value.isFinite {
            throw RunError.diverged(step: step, what: tag)
        }
    }
}

/// Why a run stopped by itself.
public enum RunError: Error, Equatable, CustomStringConvertible {
    /// A number that was measured is infinite or not a number.
    case diverged(step: Int, what: String)

    /// One sentence on when it happened and what to do.
    public var description: String {
        switch self {
        case .diverged(let step, let what):
            "Step \(step) made `\(what)` infinite or not a number: start anew with a lower learning rate; the "
                + "checkpoints before this step are intact."
        }
    }
}
