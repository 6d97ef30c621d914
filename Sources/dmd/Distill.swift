// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit
import FoundationEssentials

struct DistillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "distill",
        abstract: "Distil a teacher into a one-step generator.",
        discussion: """
            Makes the pairs it needs, unless a folder of them is given. Running the same command again, or \
            --resume, goes on where the last run stopped.
            """)

    @OptionGroup var teacher: TeacherOptions

    @Option(help: "The folder of a tiny autoencoder, for recipes whose `regression.decoder` is `tiny`.")
    var tinyDecoder: Path?

    @Option(
        help: """
            The generator of a first stage to go on from, a file or a folder as dmd distill writes it (default: the \
            teacher's weights).
            """)
    var start: Path?

    @Option(
        help: "A folder of pairs that `dmd pairs` made of this teacher (default: made in the run's folder).")
    var pairs: Path?

    @Flag(help: "Compare all files of pairs with their sums at the start, not each when it is first used.")
    var verify = false

    @Option(
        help: """
            Real images to measure the distance from: a folder, an IDX file, a zip or tar archives (default: Fashion-MNIST's test \
            images for the bundled teacher, else none).
            """)
    var images: Path?

    @Option(
        help: """
            Real images for recipes with a discriminator: a folder, an IDX file, a zip, or tar archives as WebDataset has \
            them, also by a pattern such as 'shards/{000..015}.tar' (default: the training images of \
            --images, if it has any). A text-to-image teacher needs their captions, a.txt beside a.jpg, in a folder or archives.
            """)
    var realImages: Path?

    @Option(
        help: """
            For a text-to-image teacher: the folder that keeps the latents of --real-images and the vectors of their captions, 32 kB \
            for each image of 512 x 512 and 118 kB for each caption (default: in the run's folder). Several runs may share it.
            """)
    var realLatents: Path?

    @Option(help: "LPIPS's weights (default: those that scripts/setup fetches).")
    var lpips: Path?

    @Option(help: "The run's folder (default: runs/demo, or runs/sd for prompts).")
    var out: Path?

    @Flag(help: "Also keep the checkpoint with the lowest distance; needs the recipe's `distanceCount`.")
    var keepBest = false

    @OptionGroup var recipe: RecipeOptions
    @OptionGroup var options: RunOptions
    @OptionGroup var compute: ComputeOptions

    func run() async throws {
        let job = try Terminal.settings { try makeJob() }
        if recipe.dryRun {
            return print(try Terminal.settings { try job.plan(processes: recipe.processes ?? 1) })
        }
        let output = try await Terminal.run(
            job, resume: "dmd distill --resume \(job.run.folder.relativePath)")
        guard job.compute.isFirst else { return }
        for figure in output.figures { print("\(figure.name): \(figure.value)") }
        print(
            "The generator is in \(output.generators[0].relativePath), pictures and report.html are beside it."
        )
    }

    private func makeJob() throws -> Distill {
        var run = try options.settings(out, default: teacher.prompts == nil ? "runs/demo" : "runs/sd")
        if keepBest { run.keepBest = true }
        var job = Distill(
            teacher: teacher.settings(), recipe: recipe.settings, run: run,
            compute: try compute.sharedSettings(isTrial: recipe.dryRun))
        job.tinyDecoder = tinyDecoder?.url
        job.start = start?.url
        job.pairs = pairs?.url
        job.verifiesPairs = verify
        job.images = images?.url
        job.realImages = realImages?.url
        job.realLatents = realLatents?.url
        job.lpips = lpips?.url
        return job
    }
}
