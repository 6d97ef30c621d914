// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
import Images
import Models
import Torch
import Training

/// Trains a diffusion model from images alone, so that there is something to distil: EDM's training, in a run's folder.
/// The same job goes on where the last one stopped.
public struct TrainTeacher: Job {
    /// The images: a folder, an IDX file or a zip; nil for Fashion-MNIST, where it is installed.
    public var images: URL?
    /// The settings of the run.
    public var recipe: RecipeSettings
    /// The run's folder.
    public var run: RunSettings
    /// Where it computes.
    public var compute: ComputeSettings

    /// A training; see the properties.
    public init(
        images: URL? = nil, recipe: RecipeSettings = .init(), run: RunSettings = .init("runs/teacher"),
        compute: ComputeSettings = .cpu
    ) {
        (self.images, self.recipe, self.run, self.compute) = (images, recipe, run, compute)
    }

    /// Trains to the end.
    ///
    /// - Returns: the files of the teacher, the first of which is the run's result; none in processes that share the run with the first
    ///   one.
    public func run(in context: JobContext) throws -> [URL] {
        let begun = try run.begunRecord()
        return try compute.run(begun) { try train(begun, context) }
    }

    private func train(_ begun: RunRecord?, _ context: JobContext) throws -> [URL] {
        let (settings, makeTrainer, record) = try prepared(begun, context)
        let (folder, processes) = (run.runFolder, compute.processes)
        try processes.check(settings)
        try processes.check("set of images", record.inputs.description)
        try NetworkMemory.training(settings, on: compute.device).of(processes.count).checkFits(compute.device)
        let trainer = try makeTrainer(processes)
        try processes.first { try record.begin(in: folder, context) }
        var run = Run(trainer, settings: settings, in: folder)
        run.sample = { step, log in
            try record.keep(
                ImageMaker(denoiser: trainer.averaged(), steps: 18, seed: settings.seed).sheet(), step: step,
                in: folder, log, context)
            return nil
        }
        run.report = { step, scalars in
            context.tell(.scalars(step: step, scalars))
            return String(format: "loss %.4f", scalars["loss/denoising"] ?? .nan)
        }
        run.retention = self.run.retention(begun)
        try self.run.run(&run, title: "train-teacher", context)
        guard processes.isFirst else { return [] }
        let metadata = ["dmd.recipe": try settings.yaml()].merging(WeightsUse(role: .teacher).metadata) { $1 }
        return try trainer.averageSuffixes.enumerated().map { index, suffix in
            let file = folder.url.appending(path: "teacher\(suffix).safetensors")
            try saveDenoiser(trainer.averaged(index), to: file, dtype: .float16, metadata: metadata)
            return file
        }
    }

    /// The settings as YAML, and what the run would cost, by trying two steps.
    ///
    /// - Parameter processes: how many are to share it.
    public func plan(processes: Int = 1) throws -> String {
        try require(("processes", processes, 1...1_000_000))
        let begun = try run.begunRecord()
        return try compute.run(begun) {
            let (settings, makeTrainer, _) = try prepared(begun, nil)
            let cost = try Cost(
                .training(settings, on: compute.device), on: compute.device, processes: processes
            ) {
                try makeTrainer(.alone)
            }
            return "\(try settings.yaml())\(cost)"
        }
    }

    private func prepared(_ begun: RunRecord?, _ context: JobContext?) throws -> (
        TeacherRecipe, (Communicator) throws -> TeacherTrainer, RunRecord
    ) {
        let folder = run.runFolder
        let images = try self.images ?? begun?.path("images", in: folder)
        let settings = try recipe.resolved(as: TeacherRecipe.self, default: run.keptRecipe)
        let dataset = try openDataset(
            at: images ?? DataFiles.fashionMNIST(), split: .train, size: settings.network.imgResolution)
        if let images { context?.warnOfTurnedImages(in: dataset, at: images.relativePath) }
        var record = RunRecord(compute.processes, keeping: run.retention(begun))
        record.note(images, as: "images", in: folder)
        record.inputs["set of images"] = "\(dataset.count) of shape \(dataset.imageShape)"
        let device = compute.device
        func makeTrainer(_ processes: Communicator) throws -> TeacherTrainer {
            let images = TrainingImages(
                count: dataset.count, shape: dataset.imageShape, labels: dataset.labels,
                images: { try dataset.images(at: $0) })
            return try TeacherTrainer(recipe: settings, images: images, device: device, processes: processes)
        }
        return (settings, makeTrainer, record)
    }
}
