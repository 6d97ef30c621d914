// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Foundation
import Training

/// How a run in a folder begins, goes on and ends.
struct RunOptions: ParsableArguments {
    @Option(
        help: """
            Go on with the run in this folder: with its settings, its files and as many threads, unless other options \
            say otherwise.
            """)
    var resume: Path?

    @Option(
        name: .customLong("override"),
        help: """
            A setting that may differ from that of the run in the folder, such as distillation.steps; may be given \
            several times.
            """)
    var overrides: [String] = []

    @Option(help: "How many of the newest checkpoints stay.")
    var keep = 2

    @Option(help: "Checkpoints whose step is a multiple of this stay as well.")
    var keepEvery: Int?

    @OptionGroup var time: TimeOptions

    func validate() throws {
        try requirePositive(("keep", keep), ("keep-every", keepEvery ?? 1))
    }

    var retention: CheckpointRetention { CheckpointRetention(last: keep, every: keepEvery) }

    /// The folder of the run.
    ///
    /// - Throws: `ValidationError` if two are named, ``CommandError`` if there is no run to go on with.
    func folder(_ out: Path?, default path: String) throws -> RunFolder {
        guard let resume else { return RunFolder((out ?? Path(argument: path)).url) }
        guard out == nil else { throw ValidationError("Give either --resume or --out.") }
        let folder = RunFolder(resume.url)
        guard FileManager.default.fileExists(atPath: folder.recipe.path) else {
            throw CommandError(
                "\(resume) holds no run to go on with, since it has no recipe.yaml: check the path, or begin a run with "
                    + "--out \(resume).")
        }
        return folder
    }
}

/// When to stop in any case.
struct TimeOptions: ParsableArguments {
    @Option(
        help: """
            Stop, with a checkpoint, before so much time has passed since the start: 90m, 3h30m, 1d12h. The exit status \
            is then 75.
            """)
    var timeLimit: String?

    func validate() throws { _ = try limit() }

    /// The limit, from now on.
    func limit() throws -> TimeLimit? {
        guard let timeLimit else { return nil }
        guard let duration = TimeLimit.duration(timeLimit) else {
            throw ValidationError("--time-limit is '\(timeLimit)'; give a time such as 90m, 3h30m or 1d12h.")
        }
        return TimeLimit(duration)
    }
}

/// How the process ends.
enum Ending {
    /// Ends it when memory is lacking, which may be in the midst of anything.
    static func outOfMemory(_ message: String) -> Never {
        let sentence = """

            The memory does not suffice: \(message.prefix { $0 != "\n" }). Take a smaller batch or `microBatch`, or set \
            `gradientCheckpointing`; the checkpoints of a run are intact.

            """
        say(sentence)
        // Other threads are at work, on what `exit` would take down.
        _exit(71)
    }

    /// Says how to go on after a signal or when the time is up, and gives the status that the process should end with.
    ///
    /// - Parameter resume: the command that goes on, if there is a shorter one than that which was given.
    static func stopped(afterStep step: Int? = nil, resume: String? = nil) -> ExitCode {
        let done = step.map { " after step \($0); a checkpoint is written" } ?? ""
        let shorter = resume.map { ", or `\($0)`" } ?? ""
        let sentence = "\nStopped\(done). To go on: give the same command again\(shorter).\n"
        say(sentence)
        return ExitCode(Interrupt.exitStatus == 0 ? 75 : Interrupt.exitStatus)
    }
}
