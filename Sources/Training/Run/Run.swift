// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import OrderedCollections
public import Torch

/// Work that proceeds in steps, can be saved after any of them, and depends on nothing but its settings and their number.
public protocol Trainable: AnyObject {
    /// What a step measured, still on the device.
    associatedtype Report

    /// The number of steps of the whole run.
    var stepCount: Int { get }
    /// Images that one step learns from.
    var imagesPerStep: Int { get }
    /// Steps between two events of each kind.
    var intervals: RunIntervals { get }
    /// All tensors that a checkpoint holds, by file.
    var state: [String: OrderedDictionary<String, Tensor>] { get }

    /// Does one step, from 0.
    func step(_ index: Int) throws -> Report
    /// Reads back what a step measured, by the tags of the log. `done` counts the steps done.
    func scalars(of report: Report, done: Int) -> [String: Double]
    /// Goes on from a checkpoint of the same settings.
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
    /// All its settings, which the folder keeps and by which it knows whose run it holds.
    public let settings: any Recipe
    /// The run's folder.
    public let folder: RunFolder

    /// Draws samples after a step, and may record pictures of it.
    public var sample: (_ step: Int, MetricLog) throws -> Void = { _, _ in }
    /// Hears the numbers of a logged step, and gives the display of progress a note on them.
    public var report: (_ step: Int, _ scalars: [String: Double]) -> String = { _, _ in "" }
    /// Whether to stop after the present step.
    public var isInterrupted: () -> Bool = { Interrupt.isRequested }
    /// Makes the display of how far the run is; nil shows nothing.
    public var makeProgress: (_ total: Int, _ done: Int) -> ProgressReport?

    /// A run of `work`, which must not have made a step, in `folder`.
    ///
    /// - Parameter title: what the display of progress calls it.
    public init(_ work: Work, settings: some Recipe, in folder: RunFolder, title: String) {
        self.work = work
        self.settings = settings
        self.folder = folder
        makeProgress = { ProgressReport(title, total: $0, done: $1) }
    }

    /// Runs to the end.
    ///
    /// - Throws: ``RunFolderError``, ``FileError`` and ``CheckpointError`` if the folder cannot take the run or go on
    ///   with it, ``RunError/diverged(step:what:)``, and what the work and `sample` throw.
    public func run() throws -> Outcome {
        try folder.run(settings) {
            let checkpoint = try CheckpointReader.latest(in: folder.checkpoints)
            if let checkpoint { try work.load(checkpoint) }
            let first = checkpoint?.step ?? 0
            let log = try MetricLog(folder, after: checkpoint?.step)
            let checkpoints = try CheckpointWriter(folder.checkpoints)
            var progress = makeProgress(work.stepCount, first)
            let intervals = work.intervals
            var rate = ImageRate(imagesPerStep: work.imagesPerStep)
            var note = ""

            for index in first..<max(first, work.stepCount) {
                let measured = try work.step(index)
                let done = index + 1
                let isStopping = isInterrupted()
                let isLast = done == work.stepCount
                let isLogged = done % intervals.log == 0 || isLast
                let isSaved = done % intervals.checkpoint == 0 || isLast || isStopping

                if isLogged || isSaved {
                    var scalars = work.scalars(of: measured, done: done)
                    if isLogged {
                        scalars["images_per_second"] = rate.sinceLast(step: done)
                        try log.record(step: done, scalars)
                        note = report(done, scalars)
                    }
                    // Weights that are lost must not displace those of a good checkpoint.
                    try checkFinite(scalars, step: done)
                }
                if done % intervals.sample == 0 || isLast { try sample(done, log) }
                if isSaved {
                    try log.synchronize()
                    try checkpoints.write(step: done, files: work.state, state: [String: String]())
                }
                progress?.update(done, note: note)
                if isStopping && !isLast {
                    progress?.finish(note: note)
                    return .interrupted(step: done)
                }
            }
            progress?.finish(note: note)
            return .finished
        }
    }

    private func checkFinite(_ scalars: [String: Double], step: Int) throws {
        for (tag, value) in scalars.sorted(by: { $0.key < $1.key }) where !value.isFinite {
            throw RunError.diverged(step: step, what: tag)
        }
    }
}

/// How fast images go by.
private struct ImageRate {
    let imagesPerStep: Int
    var last: (step: Int, time: ContinuousClock.Instant)?

    /// Images a second since the last call; nil at the first.
    mutating func sinceLast(step: Int) -> Double? {
        let now = ContinuousClock.now
        defer { last = (step, now) }
        return last.map {
            Double((step - $0.step) * imagesPerStep) / ($0.time.duration(to: now) / .seconds(1))
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
