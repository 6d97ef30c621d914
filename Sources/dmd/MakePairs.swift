// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit

struct MakePairsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pairs",
        abstract: "Make pairs of noise and image with a teacher's deterministic sampler.",
        discussion: """
            Running the same command again makes what is missing. Several processes may make one set together, also on \
            machines that share the folder: give each the same command.
            """)

    @OptionGroup var teacher: TeacherOptions

    @Option(
        parsing: .unconditional,
        help: """
            The weight of classifier-free guidance for prompts, 1 for none: the paper takes 3 for its run on LAION \
            6.25+ and 8 for that on 6+.
            """)
    var guidance: Double?

    @Option(parsing: .unconditional, help: "How many pairs.")
    var count = 10_000

    @Option(
        parsing: .unconditional,
        help: """
            Steps of the sampler (default: 18 of Heun's method, which evaluates the teacher twice a step but for the last; \
            for prompts 50 of the model's own).
            """)
    var steps: Int?

    @Option(parsing: .unconditional, help: "Random seed.", transform: randomSeed)
    var seed: UInt64 = 0

    @Option(parsing: .unconditional, help: "Batch size (default: 128, or 16 for prompts).")
    var batch: Int?

    @Option(
        parsing: .unconditional,
        help: "Pairs in one file, which is the most that a process loses when it is stopped.")
    var shardSize = 1_000

    @Option(help: "The folder of the pairs.")
    var out = Path(argument: "runs/pairs")

    @OptionGroup var time: TimeOptions
    @OptionGroup var compute: ComputeOptions

    func run() async throws {
        let job = try Terminal.settings {
            var job = MakePairs(
                teacher: teacher.settings(guidance: guidance), count: count, steps: steps, seed: seed,
                batch: batch,
                shardSize: shardSize, folder: out.url, compute: try compute.sharedSettings())
            try job.stop(after: time.timeLimit)
            return job
        }
        _ = try await Terminal.run(job)
        if job.compute.isFirst { print("\(out): \(count) pairs") }
    }
}
