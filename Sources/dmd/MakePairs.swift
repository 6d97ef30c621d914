// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Distillation
import Foundation
import Torch
import Training

/// Makes the pairs of noise and image that the regression loss needs.
struct MakePairs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pairs",
        abstract: "Make pairs of noise and image with a teacher's deterministic sampler.",
        discussion: """
            Running the same command again makes what is missing. Several processes may make one set together, also on \
            machines that share the folder: give each the same command.
            """)

    @Option(help: "The teacher's weights, as safetensors (default: the bundled teacher).")
    var teacher: Path?

    @Option(help: "How many pairs.")
    var count = 10_000

    @Option(help: "Steps of the sampler; it evaluates the teacher twice a step, less one.")
    var steps = 18

    @Option(help: "Names the noise.")
    var seed: UInt64 = 0

    @Option(help: "Pairs that are made at once.")
    var batch = 128

    @Option(help: "Pairs in one file, which is the most that a process loses when it is stopped.")
    var shardSize = 1_000

    @Option(help: "The folder of the pairs.")
    var out = Path(argument: "runs/pairs")

    @OptionGroup var time: TimeOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        try requirePositive(("steps", steps), ("count", count), ("batch", batch), ("shard-size", shardSize))
    }

    func run() throws {
        let timeLimit = try time.limit()
        let device = try compute.resolved()
        let denoiser = try loadDenoiser(at: teacher?.url ?? Bundled.teacher(), device: device)
        Interrupt.install()
        let isWhole = try makePairs(
            of: denoiser, in: out.url, count: count, steps: steps, seed: seed, batch: batch,
            shardSize: shardSize, device: device, timeLimit: timeLimit)
        guard isWhole else { throw Ending.stopped() }
        print("\(out): \(count) pairs")
    }
}

/// Makes the pairs that a folder lacks.
///
/// - Returns: whether the set is whole; if not, the process was asked to stop, or its time is up.
func makePairs(
    of teacher: EDMDenoiser, in folder: URL, count: Int, steps: Int, seed: UInt64, batch: Int = 128,
    shardSize: Int = 1_000, device: Device, timeLimit: TimeLimit? = nil
) throws -> Bool {
    var writer = try PairWriter(
        folder,
        PairDescription(
            count: count, seed: seed, sampleShape: teacher.sampleShape, classCount: teacher.classCount,
            teacher: fingerprint(of: teacher.state), sampler: "heun, \(steps) steps",
            shardSize: shardSize))
    guard writer.finished < count else { return true }
    var progress = ProgressReport("pairs", total: count, done: writer.finished, unit: "pair")
    var timeLimit = timeLimit
    timeLimit?.begin()
    let isWhole = try writer.write(
        batch: batch, device: device,
        sampler: { teacher.makeImages(from: $0, condition: $1, steps: steps) },
        progress: { made in
            progress.update(made)
            return !Interrupt.isRequested && timeLimit?.isReached() != true
        })
    progress.finish()
    return isWhole
}
