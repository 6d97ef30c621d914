// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import Torch

/// A run under way: the steps, and what follows each of them. Where processes share it, all go through the same steps and come to the
/// same decisions, and the first one writes.
final class RunLoop<Work: TrainingTask> {
    private static var slowing: Double { 0.5 }

    private let plan: Run<Work>
    private let recipe: String
    private let processes: Communicator
    /// Nil in all processes but the first.
    private let output: Output?

    private var log: MetricLog?
    private var state: RunState
    private var faults: [TrainingFault] = []
    /// The number of steps done.
    private var done: Int
    private var lastSaved: Int?
    /// Whether a checkpoint is to be written after the next sound step.
    private var isSaveDue = false
    private var bestScore: Double?
    private var timeLimit: TimeLimit?
    private var longestWrite = Duration.zero
    /// How long the run stood still for the last checkpoint, until that is logged.
    private var standstill: Duration?
    private var rate: ImageRate
    /// Nil in a process by itself.
    private var pace: ProcessPace?

    private var work: Work { plan.work }

    private struct Output {
        let writer: CheckpointWriter
        let checkpoints: CheckpointQueue
    }

    /// Goes on from the folder's last checkpoint.
    init(_ run: Run<Work>, recipe: String) throws {
        plan = run
        self.recipe = recipe
        processes = plan.work.processes
        if processes.isFirst {
            let writer = try CheckpointWriter(plan.folder.checkpoints, keeping: plan.kept)
            output = Output(writer: writer, checkpoints: CheckpointQueue(writer))
        } else {
            output = nil
        }
        let checkpoint = try Self.latest(plan)
        state = try checkpoint?.state() ?? RunState()
        if let checkpoint {
            try plan.work.load(checkpoint)
            try output?.writer.setAside(after: checkpoint.step)
        }
        run.work.learningRateFactor = state.learningRateFactor
        done = checkpoint?.step ?? 0
        lastSaved = checkpoint?.step
        bestScore = try output?.writer.bestScore()
        log = try output == nil ? nil : MetricLog(plan.folder, after: checkpoint?.step)
        timeLimit = run.timeLimit
        timeLimit?.begin()
        rate = ImageRate(imagesPerStep: plan.work.imagesPerStep)
        pace = try ProcessPace(processes, in: plan.folder, after: checkpoint?.step)
    }

    /// The checkpoint to go on from, which the first process finds.
    private static func latest(_ plan: Run<Work>) throws -> Checkpoint? {
        try common(plan) { try CheckpointReader.latest(in: plan.folder.checkpoints, warn: plan.warn) }
    }

    /// The checkpoint that the first process finds.
    private static func common(_ plan: Run<Work>, _ find: () throws -> Checkpoint?) throws -> Checkpoint? {
        let processes = plan.work.processes
        let found = try processes.isFirst ? find() : nil
        let step = try processes.numbers(found?.step ?? -1)[0]
        return try processes.isFirst || step < 0
            ? found : Checkpoint(plan.folder.checkpoints.appending(path: Checkpoint.name(step: step)))
    }

    func run() throws -> Run<Work>.Outcome {
        // Whatever ends the run, a checkpoint that is being written gets its time.
        defer { try? output?.checkpoints.wait() }
        var note = ""
        plan.progress(done, work.stepCount, note)
        while done < work.stepCount, !state.isOver {
            let report = try work.step(done)
            done += 1
            let isLast = done == work.stepCount
            let isStopping = try processes.any(
                plan.isInterrupted() || timeLimit?.isReached(reserving: longestWrite * 2) == true)
            try output?.checkpoints.check()
            isSaveDue = isSaveDue || done % work.intervals.checkpoint == 0 || isLast || isStopping

            let fault = report.fault
            // The end must be a sound step's.
            let isGivingUp = count(fault) || isLast && fault != nil
            var lost: [String: Double] = [:]
            if done % work.intervals.log == 0 || isLast || isSaveDue {
                var scalars = try work.scalars(of: report, done: done)
                if done % work.intervals.log == 0 || isLast {
                    try pace?.record(step: done)
                    scalars["steps/skipped"] = Double(state.skippedSteps)
                    scalars["images_per_second"] = rate.sinceLast(step: done)
                    scalars["checkpoint_seconds"] = standstill.map { $0 / .seconds(1) }
                    standstill = nil
                    try log?.record(step: done, scalars)
                    note = plan.report(done, scalars)
                }
                // Weights that are lost must not displace those of a good checkpoint.
                if fault == nil { lost = scalars.filter { !$0.value.isFinite } }
            }
            if try processes.any(isGivingUp || !lost.isEmpty) {
                try recover(measured: lost)
            } else {
                try sampleAndSave(isSound: fault == nil)
            }
            plan.progress(done, work.stepCount, note)
            if isStopping, done < work.stepCount, lastSaved == done {
                try output?.checkpoints.wait()
                return .interrupted(step: done)
            }
        }
        try output?.checkpoints.wait()
        try work.prepareSamples()
        return .finished
    }

    /// Keeps count of steps without an update.
    ///
    /// - Returns: whether there were too many in a row.
    private func count(_ fault: TrainingFault?) -> Bool {
        guard let fault else {
            state.skippedInARow = 0
            faults = []
            return false
        }
        plan.warn("\(fault)")
        state.skippedSteps += 1
        state.skippedInARow += 1
        faults.append(fault)
        return state.skippedInARow >= plan.faultLimit
    }

    private func sampleAndSave(isSound: Bool) throws {
        var score: Double?
        if done % work.intervals.sample == 0 || done == work.stepCount {
            try work.prepareSamples()
            if let log { score = try plan.sample(done, log).flatMap { $0.isFinite ? $0 : nil } }
            if let score {
                let isBest = score < bestScore ?? .infinity
                state.worseInARow = isBest ? 0 : state.worseInARow + 1
                if plan.kept.best, isBest {
                    bestScore = score
                    isSaveDue = true
                }
            }
            isSaveDue = try processes.any(isSaveDue)
            if let patience = plan.patience, try processes.any(state.worseInARow >= patience) {
                return try returnToBest()
            }
        }
        guard isSaveDue, isSound else { return }
        try save(score)
        lastSaved = done
        isSaveDue = false
    }

    /// Goes back to the best checkpoint with a lower learning rate, once, and ends the run there the next time.
    private func returnToBest() throws {
        try output?.checkpoints.wait()
        let best = try Self.common(plan) {
            try output?.writer.best().map { best in
                try Checkpoint(plan.folder.checkpoints.appending(path: Checkpoint.name(step: best.step)))
            }
        }
        state.worseInARow = 0
        guard let best else { return }
        let since = "No score since step \(best.step) was better than that of its weights"
        if state.returnedAt == nil {
            state.returnedAt = done
            state.learningRateFactor *= Self.slowing
            plan.warn(
                "\(since): the run goes back to it, and on with \(state.learningRateFactor) of the learning rate."
            )
        } else {
            state.isOver = true
            plan.warn("\(since), again: the run ends with them.")
        }
        try go(backTo: best)
    }

    /// Goes on from an earlier checkpoint, with the present state.
    private func go(backTo checkpoint: Checkpoint) throws {
        try work.load(checkpoint)
        work.learningRateFactor = state.learningRateFactor
        // All have read it by then.
        let files = try work.snapshot()
        try processes.wait()
        if let output {
            try output.writer.discard(after: checkpoint.step)
            try output.writer.write(
                step: checkpoint.step, files: files, state: state, recipe: recipe,
                score: checkpoint.score)
            log = try MetricLog(plan.folder, after: checkpoint.step)
        }
        pace = try ProcessPace(processes, in: plan.folder, after: checkpoint.step)
        faults = []
        done = checkpoint.step
        lastSaved = done
        isSaveDue = false
    }

    private func save(_ score: Double?) throws {
        let start = ContinuousClock.now
        // Before there is another copy of everything.
        try output?.checkpoints.wait()
        let files = try work.snapshot()
        guard let output, let log else { return }
        try output.checkpoints.write(
            step: done, files: files, state: state, recipe: recipe, score: score,
            after: log.synchronize)
        let passed = ContinuousClock.now - start
        standstill = passed
        longestWrite = max(longestWrite, output.checkpoints.lastDuration, passed)
    }

    /// Goes back to the last checkpoint with a lower learning rate, once, and ends the run the next time.
    ///
    /// - Parameter measured: what is not finite, if no update was skipped in the last step.
    private func recover(measured: [String: Double]) throws {
        try output?.checkpoints.wait()
        let checkpoint = try state.rolledBackAt == nil ? Self.latest(plan) : nil
        var evidence = FaultEvidence(
            step: done, faults: faults, learningRateFactor: state.learningRateFactor)
        evidence.measured = measured.isEmpty ? nil : measured
        evidence.wentBackTo = checkpoint?.step
        let file = plan.folder.faults.appending(path: "\(Checkpoint.name(step: done)).json")
        if output != nil {
            try makeFolder(plan.folder.faults)
            try writeAtomically(JSONEncoder.file.encode(evidence), to: file)
        }
        guard let checkpoint else { throw RunError.diverged(step: done, evidence: file.relativePath) }

        state.rolledBackAt = done
        state.skippedInARow = 0
        state.learningRateFactor *= Self.slowing
        plan.warn(
            """
            Losses or gradients are not finite in step \(done): the run goes back to step \(checkpoint.step), and on with \
            \(state.learningRateFactor) of the learning rate; see \(file.relativePath).
            """)
        try go(backTo: checkpoint)
    }
}

/// How fast images go by.
private struct ImageRate {
    let imagesPerStep: Int
    var last: (step: Int, time: ContinuousClock.Instant)?

    /// Images a second since the last call; nil at the first, and after a return to an earlier step.
    mutating func sinceLast(step: Int) -> Double? {
        let now = ContinuousClock.now
        defer { last = (step, now) }
        guard let last, step > last.step else { return nil }
        return Double((step - last.step) * imagesPerStep) / ((now - last.time) / .seconds(1))
    }
}

/// A process's own log of how long its steps take, and how much of that goes to exchanges: one that others wait for has little of that.
private struct ProcessPace {
    private let processes: Communicator
    private let log: ScalarLog
    private var last: (step: Int, time: ContinuousClock.Instant, exchanges: Duration)?

    /// Nil for a process by itself.
    init?(_ processes: Communicator, in folder: RunFolder, after step: Int?) throws {
        guard processes.count > 1 else { return nil }
        let file = folder.log(ofProcess: processes.rank)
        try makeFolder(file.deletingLastPathComponent())
        (self.processes, log) = (processes, try ScalarLog(file, after: step))
    }

    /// Writes the seconds of a step, on average since the last call.
    mutating func record(step: Int) throws {
        let now = (step: step, time: ContinuousClock.now, exchanges: processes.exchangeTime)
        defer { last = now }
        guard let last, step > last.step else { return }
        let count = Double(step - last.step)
        try log.append(
            step: step, time: .now,
            scalars: [
                "seconds/step": (now.time - last.time) / .seconds(count),
                "seconds/exchange": (now.exchanges - last.exchanges) / .seconds(count),
            ])
    }
}
