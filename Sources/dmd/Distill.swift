// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Distillation
import Foundation
import Images
import Metrics
import Torch
import Training

/// Distils a teacher into a generator that makes an image in one evaluation.
struct Distill: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Distil a teacher into a one-step generator.",
        discussion: """
            Makes the pairs it needs, unless a folder of them is given. Running the same command again, or \
            --resume, goes on where the last run stopped.
            """)

    @Option(help: "The teacher's weights, as safetensors (default: the bundled teacher).")
    var teacher: Path?

    @Option(
        help: "A folder of pairs that `dmd pairs` made of this teacher (default: made in the run's folder).")
    var pairs: Path?

    @Option(
        help: """
            Real images to measure the distance from: a folder, an IDX file or a zip (default: Fashion-MNIST's test \
            images for the bundled teacher, else none).
            """)
    var images: Path?

    @Option(help: "LPIPS's weights (default: .weights/lpips-vgg16.safetensors, which scripts/setup fetches).")
    var lpips: Path?

    @Option(help: "The run's folder (default: runs/demo).")
    var out: Path?

    @Flag(
        help:
            "Keep the checkpoint with the lowest distance, too, which the recipe's `distanceCount` has measured."
    )
    var keepBest = false

    @OptionGroup var recipe: RecipeOptions
    @OptionGroup var options: RunOptions
    @OptionGroup var compute: ComputeOptions

    private var lpipsWeights: URL { (lpips ?? Path.lpips).url }

    mutating func run() throws {
        let timeLimit = try options.time.limit()
        let folder = try options.folder(out, default: "runs/demo")
        let begun = options.resume == nil ? nil : try RunRecord(in: folder)
        try takeFiles(of: begun, in: folder)
        let settings = try recipe.resolved(
            as: DistillRecipe.self, default: options.resume == nil ? Bundled.demoRecipe : folder.recipe)
        let device = try compute.resolved(threads: begun?.threads)
        let denoiser = try loadDenoiser(at: teacher?.url ?? Bundled.teacher(), device: device)
        let memory = NetworkMemory.distillation(of: denoiser, settings.distillation, on: device)
        if recipe.dryRun {
            let cost = try Cost(memory, on: device) { [self] in
                try self.distiller(of: denoiser, settings, pairs: trialPairs(of: denoiser, settings), device)
            }
            return print("\(try settings.yaml())\(cost)")
        }

        try memory.checkFits(device)
        Interrupt.install()
        let fidelity = try fidelity(to: denoiser.sampleShape, device: device)
        guard !keepBest || fidelity != nil && settings.distanceCount != nil else {
            throw CommandError(
                "--keep-best needs distances to compare: give --images, and set `distanceCount` in the recipe."
            )
        }
        try record(of: denoiser, in: folder).begin(in: folder)
        // The recipe is there from the beginning on, also if the run is stopped while it makes pairs.
        try folder.run(settings, overriding: options.overrides) {}
        let pairs = try pairs(of: denoiser, settings, device: device, in: folder, timeLimit)
        let distiller = try self.distiller(of: denoiser, settings, pairs: pairs, device)
        let outcome = try distil(distiller, settings, fidelity, in: folder, timeLimit)
        if case .interrupted(let step) = outcome { throw stopped(folder, afterStep: step) }

        let metadata = ["dmd.recipe": try settings.yaml()]
        let weights = try distiller.averages.suffixes.enumerated().map { index, suffix in
            let file = folder.url.appending(path: "generator\(suffix).safetensors")
            try saveDenoiser(distiller.makeAveragedGenerator(index), to: file, metadata: metadata)
            return file
        }
        let generator = try distiller.makeAveragedGenerator()
        denoiser.computeType = .float32
        let results = DistillResults(
            settings: settings, folder: folder, teacher: denoiser, generator: generator, pairs: pairs,
            fidelity: fidelity, lpips: lpipsWeights)
        let figures = try results.write()
        for figure in figures { print("\(figure.name): \(figure.value)") }
        print("The generator is in \(weights[0].relativePath), pictures and report.html are beside it.")
    }

    /// Takes what was named when the run began, and is not now.
    private mutating func takeFiles(of begun: RunRecord?, in folder: RunFolder) throws {
        guard let begun else { return }
        teacher = try teacher ?? begun.path("teacher", in: folder)
        pairs = try pairs ?? begun.path("pairs", in: folder)
        images = try images ?? begun.path("images", in: folder)
        lpips = try lpips ?? begun.path("lpips", in: folder)
    }

    private func record(of denoiser: EDMDenoiser, in folder: RunFolder) -> RunRecord {
        var record = RunRecord(threads: LibTorch.threads)
        record.note(teacher, as: "teacher", in: folder)
        record.note(pairs, as: "pairs", in: folder)
        record.note(images, as: "images", in: folder)
        record.note(lpips, as: "lpips", in: folder)
        record.inputs["teacher"] = fingerprint(of: denoiser.state)
        return record
    }

    private func stopped(_ folder: RunFolder, afterStep step: Int? = nil) -> ExitCode {
        Ending.stopped(afterStep: step, resume: "dmd distill --resume \(folder.url.relativePath)")
    }

    private func distiller(
        of teacher: EDMDenoiser, _ settings: DistillRecipe, pairs: PairSet?, _ device: Device
    ) throws -> Distiller<EDMDenoiser> {
        let distance =
            pairs == nil
            ? nil : try LPIPS(weights: lpipsWeights, resize: settings.lpipsResize, device: device)
        return try Distiller(
            settings.distillation, teacher: teacher, makeNetwork: teacher.untrained, pairs: pairs,
            distance: distance.map { distance in { distance($0, $1) } }, device: device)
    }

    private func pairs(
        of teacher: EDMDenoiser, _ settings: DistillRecipe, device: Device, in run: RunFolder,
        _ timeLimit: TimeLimit?
    ) throws -> PairSet? {
        guard settings.distillation.lambda > 0 else { return nil }
        if let pairs { return try PairSet(pairs.url) }
        let folder = run.url.appending(path: "pairs")
        let isWhole = try makePairs(
            of: teacher, in: folder, count: settings.pairCount, steps: settings.teacherSteps,
            seed: settings.distillation.seed, device: device, timeLimit: timeLimit)
        guard isWhole else { throw stopped(run) }
        return try PairSet(folder)
    }

    /// Black images in the place of pairs, to try out what a step costs.
    private func trialPairs(of teacher: EDMDenoiser, _ settings: DistillRecipe) -> PairSet? {
        guard settings.distillation.lambda > 0 else { return nil }
        let count = settings.distillation.pairBatch
        return PairSet(
            PairDescription(
                count: count, seed: 0, sampleShape: teacher.sampleShape, classCount: teacher.classCount,
                teacher: fingerprint(of: teacher.state), sampler: "none"),
            images: .full([count] + teacher.sampleShape, value: -1))
    }

    private func fidelity(to shape: [Int], device: Device) throws -> Fidelity? {
        guard let source = try images?.url ?? (teacher == nil ? FashionMNIST.folder() : nil) else {
            return nil
        }
        return try Fidelity(
            to: openDataset(at: source, split: .test, size: shape[1]), count: 10_000, weights: lpipsWeights,
            device: device)
    }

    private func distil(
        _ distiller: Distiller<EDMDenoiser>, _ settings: DistillRecipe, _ fidelity: Fidelity?,
        in folder: RunFolder, _ timeLimit: TimeLimit?
    ) throws -> Run<Distiller<EDMDenoiser>>.Outcome {
        var run = Run(distiller, settings: settings, in: folder, title: "distil")
        var last = ""
        run.report = { step, scalars in
            let sentence = distiller.health(of: scalars, done: step).map { "\($0)" } ?? ""
            let kind = sentence.prefix { $0 != ":" && $0 != "." }
            if kind != last {
                try? FileHandle.standardError.write(contentsOf: Data("\nstep \(step): \(sentence)\n".utf8))
            }
            last = String(kind)
            return String(
                format: "loss/dm %.3g, critic lag %.3g", scalars["loss/dm"] ?? .nan,
                scalars["critic/lag"] ?? .nan)
        }
        run.sample = { step, log in
            let generation = Generation(
                denoiser: try distiller.makeAveragedGenerator(), steps: 1, seed: distiller.recipe.seed)
            try dmd.record(generation.sheet(), step: step, in: folder, log)
            guard let fidelity, let count = settings.distanceCount else { return nil }
            let distance = try fidelity.distance(
                of: ImageSource(generation, count: count), title: "distance")
            try log.record(step: step, ["distance/frechet": distance])
            return distance
        }
        run.timeLimit = timeLimit
        run.overrides = options.overrides
        run.retention = options.retention
        run.retention.best = keepBest
        return try run.run()
    }
}
