// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit
import FoundationEssentials

struct TrainTeacherCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train-teacher",
        abstract: "Train a teacher from images.",
        discussion: """
            The images are an IDX set such as Fashion-MNIST, a folder of PNG, JPEG and WebP files, or an EDM zip. Running the \
            same command again, or --resume, goes on where the last run stopped.
            """)

    @Option(
        help: """
            The images: a folder, an IDX file, a zip, or tar archives as WebDataset has them, also by a pattern such as \
            'shards/{000..015}.tar' (default: Fashion-MNIST, where it is installed).
            """)
    var images: Path?

    @Option(help: "The run's folder (default: runs/teacher).")
    var out: Path?

    @OptionGroup var recipe: RecipeOptions
    @OptionGroup var options: RunOptions
    @OptionGroup var compute: ComputeOptions

    func run() async throws {
        let job = try Terminal.settings {
            TrainTeacher(
                images: images?.url, recipe: recipe.settings,
                run: try options.settings(out, default: "runs/teacher"),
                compute: try compute.sharedSettings(isTrial: recipe.dryRun))
        }
        if recipe.dryRun {
            return print(try Terminal.settings { try job.plan(processes: recipe.processes ?? 1) })
        }
        let teachers = try await Terminal.run(
            job, resume: "dmd train-teacher --resume \(job.run.folder.relativePath)")
        guard job.compute.isFirst else { return }
        print(
            "The teacher is in \(teachers[0].relativePath). Look at it: dmd sample --weights \(teachers[0].relativePath)"
        )
    }
}
