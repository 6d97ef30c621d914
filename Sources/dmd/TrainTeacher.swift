// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit
import Diffusion
import Foundation
import Images
import Models
import Torch
import Training

/// Trains a diffusion model from images alone, so that there is something to distil.
struct TrainTeacher: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a teacher from images.",
        discussion: """
            The images are an IDX set such as Fashion-MNIST, a folder of PNG and JPEG files, or an EDM zip. Running the \
            same command again, or --resume, goes on where the last run stopped.
            """)

    @Option(
        help: "The images: a folder, an IDX file or a zip (default: Fashion-MNIST, where it is installed).")
    var images: Path?

    @Option(help: "The run's folder (default: runs/teacher).")
    var out: Path?

    @OptionGroup var recipe: RecipeOptions
    @OptionGroup var options: RunOptions
    @OptionGroup var compute: ComputeOptions

    mutating func run() throws {
        let timeLimit = try options.time.limit()
        let folder = try options.folder(out, default: "runs/teacher")
        let begun = options.resume == nil ? nil : try RunRecord(in: folder)
        images = try images ?? begun?.path("images", in: folder)
        let settings = try recipe.resolved(
            as: TeacherRecipe.self, default: options.resume == nil ? nil : folder.recipe)
        let device = try compute.resolved(threads: begun?.threads)
        let dataset = try openDataset(
            at: images?.url ?? FashionMNIST.folder(), split: .train, size: settings.network.imgResolution)
        func makeTrainer() throws -> TeacherTrainer {
            let images = TrainingImages(
                count: dataset.count, shape: dataset.imageShape, labels: dataset.labels,
                images: dataset.images(at:))
            return try TeacherTrainer(recipe: settings, images: images, device: device)
        }
        if recipe.dryRun {
            let cost = try Cost(.training(settings, on: device), on: device, of: makeTrainer)
            return print("\(try settings.yaml())\(cost)")
        }
        let memory = NetworkMemory.training(settings, on: device)
        try memory.checkFits(device)
        let trainer = try makeTrainer()
        var record = RunRecord(threads: LibTorch.threads)
        record.note(images, as: "images", in: folder)
        record.inputs["set of images"] = "\(dataset.count) of shape \(dataset.imageShape)"
        try record.begin(in: folder)

        Interrupt.install()
        var run = Run(trainer, settings: settings, in: folder, title: "train-teacher")
        run.sample = { step, log in
            try dmd.record(
                Generation(denoiser: trainer.averaged(), steps: 18, seed: settings.seed).sheet(), step: step,
                in: folder, log)
            return nil
        }
        run.timeLimit = timeLimit
        run.overrides = options.overrides
        run.retention = options.retention
        run.report = { _, scalars in String(format: "loss %.4f", scalars["loss"] ?? .nan) }
        let outcome = try run.run()
        if case .interrupted(let step) = outcome {
            throw Ending.stopped(
                afterStep: step, resume: "dmd train-teacher --resume \(folder.url.relativePath)")
        }
        let metadata = ["dmd.recipe": try settings.yaml()]
        let teachers = try trainer.averages.suffixes.enumerated().map { index, suffix in
            let file = folder.url.appending(path: "teacher\(suffix).safetensors")
            try saveDenoiser(trainer.averaged(index), to: file, dtype: .float16, metadata: metadata)
            return file.relativePath
        }
        print(
            "The teacher is in \(teachers[0]). Look at it: dmd sample --weights \(teachers[0]) --steps 18"
        )
    }
}

/// Keeps a sheet of samples with the run, and shows it in TensorBoard.
func record(_ sheet: Image, step: Int, in folder: RunFolder, _ log: MetricLog) throws {
    try sheet.write(to: folder.samples.appending(path: String(format: "step-%09d.png", step)))
    try log.record(
        step: step, tag: "samples", image: sheet.pngData(), width: sheet.width, height: sheet.height)
}

/// Where Debian's package and upstream's files of Fashion-MNIST are looked for.
enum FashionMNIST {
    static func folder() throws -> URL {
        let places = ["data/fashion-mnist", "/usr/share/datasets/fashion-mnist"]
        guard let found = places.first(where: FileManager.default.fileExists(atPath:)) else {
            throw CommandError(
                "Fashion-MNIST is neither in \(places.joined(separator: " nor in ")): run scripts/setup, or name a set "
                    + "of images with --images.")
        }
        return URL(fileURLWithPath: found)
    }
}
