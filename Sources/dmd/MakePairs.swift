// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Distillation
import Files
import Foundation
import Models
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

    @Option(
        help: """
            The teacher's weights, as safetensors, or a folder of Stable Diffusion, which needs --prompts and --guidance \
            (default: the bundled teacher).
            """)
    var teacher: Path?

    @OptionGroup var prompts: TeacherPrompts

    @Option(
        help: """
            The weight of classifier-free guidance for prompts, 1 for none: the paper takes 3 for its run on LAION \
            6.25+ and 8 for that on 6+.
            """)
    var guidance: Double?

    @Option(help: "How many pairs.")
    var count = 10_000

    @Option(
        help: """
            Steps of the sampler (default: 18 of Heun's method, which evaluates the teacher twice a step, less one; for \
            prompts 50 of the model's own).
            """)
    var steps: Int?

    @Option(help: "Names the noise.")
    var seed: UInt64 = 0

    @Option(help: "Pairs that are made at once (default: 128, or 16 for prompts).")
    var batch: Int?

    @Option(help: "Pairs in one file, which is the most that a process loses when it is stopped.")
    var shardSize = 1_000

    @Option(help: "The folder of the pairs.")
    var out = Path(argument: "runs/pairs")

    @OptionGroup var time: TimeOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        try requirePositive(
            ("steps", steps ?? 1), ("count", count), ("batch", batch ?? 1), ("shard-size", shardSize))
        try requireGuidance(guidance)
    }

    func run() throws {
        let timeLimit = try time.limit()
        let device = try compute.resolved()
        Interrupt.install()
        guard let teacher, teacher.isFolder else {
            try prompts.refuse()
            guard guidance == nil else {
                throw ValidationError("--guidance belongs to a teacher that is a folder of Stable Diffusion.")
            }
            let denoiser = try loadDenoiser(at: teacher?.url ?? Bundled.teacher(), device: device)
            return try make(
                by: PixelTeacher(network: denoiser), steps: steps ?? 18, batch: 128, device, timeLimit)
        }
        guard let guidance else {
            throw ValidationError("A text-to-image teacher needs --guidance; the paper takes 3 or 8.")
        }
        guard
            let model = try TextTeacher(
                folder: teacher.url, prompts, guidance: guidance, tinyDecoder: nil, device: device)
        else { throw Ending.stopped() }
        try model.checkSteps(steps ?? 50)
        try make(by: model, steps: steps ?? 50, batch: 16, device, timeLimit)
    }

    private func make(
        by teacher: some TeacherModel, steps: Int, batch standard: Int, _ device: Device,
        _ timeLimit: TimeLimit?
    ) throws {
        let isWhole = try teacher.makePairs(
            in: out.url, count: count, steps: steps, seed: seed, batch: batch ?? standard,
            shardSize: shardSize, device: device, timeLimit: timeLimit)
        guard isWhole else { throw Ending.stopped() }
        print("\(out): \(count) pairs")
    }
}
