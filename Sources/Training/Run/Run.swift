// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
import Torch

/// The loop around a ``TrainingTask`` in a folder: it goes on from the folder's last checkpoint, logs, lets samples be
/// drawn, writes checkpoints, and ends with the last step or when it is asked to.
///
/// Going on gives, bit for bit on the CPU, what an uninterrupted run gives.
///
/// Processes that share the work, see ``TrainingTask/processes``, each run this loop, and see one folder. The first of them alone
/// writes, draws samples and hears of warnings; when one is asked to stop, all do.
///
/// A step whose loss or gradient is not finite changes nothing and is counted. After ``faultLimit`` of them in a row the
/// run goes back to its last checkpoint, which is of a sound step, and on with half the learning rate; the next time it
/// ends with ``RunError/diverged(step:evidence:)``.
public struct Run<Work: TrainingTask> {
    /// How a run ended.
    public enum Outcome: Equatable, Sendable {
        /// All steps are done, or the best ones are; see ``Run/patience``.
        case finished
        /// It was asked to stop, or its time was up, and it left a checkpoint of this many steps.
        case interrupted(step: Int)
    }

    /// What is being trained.
    public let work: Work
    /// All its settings, which the folder keeps and by which it knows whose run it holds.
    public let settings: any Recipe
    /// The run's folder.
    public let folder: RunFolder

    /// Draws samples after a step, and may record pictures of it. It may return a score of the weights, the lower the
    /// better, which goes with their checkpoint.
    public var sample: (_ step: Int, MetricLog) throws -> Double? = { _, _ in nil }
    /// Hears the numbers of a logged step, and makes a note of them for ``progress``.
    public var report: (_ step: Int, _ scalars: [String: Double]) -> String = { _, _ in "" }
    /// Hears how far the run is, at its start and after each step, with a note on the last numbers that were logged.
    public var progress: (_ done: Int, _ total: Int, _ note: String) -> Void = { _, _, _ in }
    /// Hears what should not stay so.
    public var warn: (String) -> Void = { _ in }
    /// Whether to stop after the present step.
    public var isInterrupted: () -> Bool = { false }
    /// When to stop in any case; nil sets no limit.
    public var timeLimit: TimeLimit?
    /// The keys of settings that may differ from those of the run that the folder holds.
    public var overrides: [String] = []
    /// Which checkpoints stay.
    public var retention = CheckpointRetention()
    /// Scores in a row that are no better than the best after which the run goes back to the best checkpoint, and on with half the learning
    /// rate; the next time it ends there. Nil goes on to the last step.
    public var patience: Int?
    /// Steps in a row without an update after which the run goes back, or ends; at least 1.
    public var faultLimit = 10

    /// A run of `work`, which must not have made a step, in `folder`.
    public init(_ work: Work, settings: some Recipe, in folder: RunFolder) {
        self.work = work
        self.settings = settings
        self.folder = folder
    }

    /// Which checkpoints are kept; the best one if the run may go back to it.
    var kept: CheckpointRetention {
        var kept = retention
        if patience != nil { kept.best = true }
        return kept
    }

    /// Runs to the end.
    ///
    /// - Throws: ``RunFolderError``, `FileError` and ``CheckpointError`` if the folder cannot take the run or go on
    ///   with it, ``RunError/diverged(step:evidence:)``, and what the work and `sample` throw.
    public func run() throws -> Outcome {
        try run(settings)
    }

    private func run(_ settings: some Recipe) throws -> Outcome {
        func loop() throws -> Outcome {
            try RunLoop(self, recipe: sha256(Data(settings.yaml().utf8))).run()
        }
        guard work.processes.isFirst else { return try loop() }
        return try folder.run(settings, overriding: overrides, warn: warn, loop)
    }
}

/// Why a run stopped by itself.
public enum RunError: LocalizedError, Equatable, CustomStringConvertible {
    /// Losses, gradients or weights were not finite, and going back to a checkpoint was no help or not possible.
    case diverged(step: Int, evidence: String)

    /// One sentence on when it happened, where to look and what to do.
    public var description: String {
        switch self {
        case .diverged(let step, let evidence):
            "The run stopped after step \(step), since its losses or gradients are not finite again and again: see "
                + "\(evidence), and start anew with a lower learning rate; the checkpoints are from before and intact."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
