// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Distillation
import Evaluation
import Files
import Foundation
import Images
import Models
import Torch
import Training
import Weights

/// Distils a teacher into a generator that makes an image in one evaluation.
struct Distill: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Distil a teacher into a one-step generator.",
        discussion: """
            Makes the pairs it needs, unless a folder of them is given. Running the same command again, or \
            --resume, goes on where the last run stopped.
            """)

    @Option(
        help: """
            The teacher's weights, as safetensors, or a folder of Stable Diffusion, which needs --prompts (default: the \
            bundled teacher).
            """)
    var teacher: Path?

    @OptionGroup var prompts: TeacherPrompts

    @Option(help: "The folder of a tiny autoencoder, for recipes whose `decoder` is `tiny`.")
    var tinyDecoder: Path?

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

    @Option(help: "The run's folder (default: runs/demo, or runs/sd for Stable Diffusion).")
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
    private var isOfText: Bool { teacher?.isFolder == true }

    mutating func run() throws {
        let timeLimit = try options.time.limit()
        let folder = try options.folder(out, default: isOfText ? "runs/sd" : "runs/demo")
        let begun = options.resume == nil ? nil : try RunRecord(in: folder)
        try takeFiles(of: begun, in: folder)
        if isOfText, options.resume == nil, recipe.recipe == nil {
            throw CommandError(
                "A text-to-image teacher needs a recipe: name one with --recipe, such as sd15-laion-625.")
        }
        let settings = try recipe.resolved(
            as: DistillRecipe.self, default: options.resume == nil ? Bundled.demoRecipe : folder.recipe)
        let device = try compute.resolved(threads: begun?.threads)
        if !recipe.dryRun { Interrupt.install() }
        guard let teacher, teacher.isFolder else {
            try prompts.refuse()
            guard settings.guidance == nil else {
                throw CommandError(
                    "The recipe sets `guidance`, which belongs to a teacher that is a folder of Stable Diffusion: "
                        + "name one with --teacher, or leave it out.")
            }
            let denoiser = try loadDenoiser(at: teacher?.url ?? Bundled.teacher(), device: device)
            return try distil(PixelTeacher(network: denoiser), settings, device, in: folder, timeLimit)
        }
        guard let guidance = settings.guidance else {
            throw CommandError(
                "A text-to-image teacher needs `guidance`: set it in the recipe; the paper takes 3 or 8.")
        }
        guard
            let model = try TextTeacher(
                folder: teacher.url, prompts, guidance: guidance, tinyDecoder: tinyDecoder,
                trialCount: recipe.dryRun ? settings.distillation.batch : nil, device: device)
        else { throw stopped(folder) }
        try model.checkSteps(settings.teacherSteps)
        try distil(model, settings, device, in: folder, timeLimit)
    }

    private func distil(
        _ teacher: some TeacherModel, _ settings: DistillRecipe, _ device: Device, in folder: RunFolder,
        _ timeLimit: TimeLimit?
    ) throws {
        let memory = NetworkMemory.distillation(of: teacher.network, settings.distillation, on: device)
        if recipe.dryRun {
            let cost = try Cost(memory, on: device) {
                try self.distiller(
                    of: teacher, settings, pairs: self.trialPairs(of: teacher, settings), device)
            }
            return print("\(try settings.yaml())\(cost)")
        }

        try memory.checkFits(device)
        let fidelity = try fidelity(to: teacher.imageShape, device: device)
        guard !keepBest || fidelity != nil && settings.distanceCount != nil else {
            throw CommandError(
                "--keep-best needs distances to compare: give --images, and set `distanceCount` in the recipe."
            )
        }
        try record(of: teacher, in: folder).begin(in: folder)
        // The recipe is there from the beginning on, also if the run is stopped while it makes pairs.
        try folder.run(settings, overriding: options.overrides) {}
        let pairs = try pairs(of: teacher, settings, device: device, in: folder, timeLimit)
        let distiller = try self.distiller(of: teacher, settings, pairs: pairs, device)
        let outcome = try run(distiller, of: teacher, settings, fidelity, in: folder, timeLimit)
        if case .interrupted(let step) = outcome { throw stopped(folder, afterStep: step) }

        let metadata = ["dmd.recipe": try settings.yaml()]
        let weights = try distiller.averages.suffixes.enumerated().map { index, suffix in
            try teacher.save(
                distiller.makeAveragedGenerator(index), as: "generator\(suffix)", in: folder.url,
                metadata: metadata)
        }
        teacher.network.setComputeType(.float32)
        let results = DistillResults(
            settings: settings, folder: folder, teacher: teacher,
            generator: try distiller.makeAveragedGenerator(), pairs: pairs, fidelity: fidelity,
            lpips: lpipsWeights, device: device)
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
        tinyDecoder = try tinyDecoder ?? begun.path("tiny-decoder", in: folder)
        prompts.prompts = try prompts.prompts ?? begun.path("prompts", in: folder)
        prompts.promptVectors = try prompts.promptVectors ?? begun.path("prompt-vectors", in: folder)
        prompts.promptColumn = prompts.promptColumn ?? begun.promptColumn
    }

    private func record(of model: some TeacherModel, in folder: RunFolder) -> RunRecord {
        var record = RunRecord(threads: LibTorch.threads)
        record.note(teacher, as: "teacher", in: folder)
        record.note(pairs, as: "pairs", in: folder)
        record.note(images, as: "images", in: folder)
        record.note(lpips, as: "lpips", in: folder)
        record.note(tinyDecoder, as: "tiny-decoder", in: folder)
        record.note(prompts.prompts, as: "prompts", in: folder)
        record.note(prompts.promptVectors, as: "prompt-vectors", in: folder)
        record.promptColumn = prompts.promptColumn
        record.inputs["teacher"] = model.fingerprint
        record.inputs["list of prompts"] = model.prompts?.fingerprint
        return record
    }

    private func stopped(_ folder: RunFolder, afterStep step: Int? = nil) -> ExitCode {
        Ending.stopped(afterStep: step, resume: "dmd distill --resume \(folder.url.relativePath)")
    }

    private func distiller<Teacher: TeacherModel>(
        of teacher: Teacher, _ settings: DistillRecipe, pairs: PairSet?, _ device: Device
    ) throws -> Distiller<Teacher.Network> {
        let lpips =
            pairs == nil
            ? nil : try LPIPS(weights: lpipsWeights, resize: settings.lpipsResize, device: device)
        let distances = lpips.map(teacher.distances)
        return try Distiller(
            settings.distillation, teacher: teacher.network, makeNetwork: teacher.makeNetwork, pairs: pairs,
            distance: distances?.full, tinyDistance: distances?.tiny, conditions: teacher.conditions,
            device: device)
    }

    private func pairs(
        of teacher: some TeacherModel, _ settings: DistillRecipe, device: Device, in run: RunFolder,
        _ timeLimit: TimeLimit?
    ) throws -> PairSet? {
        guard settings.distillation.lambda > 0 else { return nil }
        if let pairs {
            let set = try PairSet(pairs.url, conditions: teacher.conditions)
            let (made, needed) = (set.description.prompts?.guidance, teacher.prompts?.guidance)
            guard made == needed else {
                throw CommandError(
                    "\(pairs) holds pairs of guidance \(made.map { "\($0)" } ?? "none"), and the recipe has "
                        + "\(needed.map { "\($0)" } ?? "none"): set `guidance` to it, or make other pairs.")
            }
            return set
        }
        let folder = run.url.appending(path: "pairs")
        let isWhole = try teacher.makePairs(
            in: folder, count: settings.pairCount, steps: settings.teacherSteps,
            seed: settings.distillation.seed, device: device, timeLimit: timeLimit)
        guard isWhole else { throw stopped(run) }
        return try PairSet(folder, conditions: teacher.conditions)
    }

    /// Zeros in the place of pairs, to try out what a step costs.
    private func trialPairs(of teacher: some TeacherModel, _ settings: DistillRecipe) -> PairSet? {
        guard settings.distillation.lambda > 0 else { return nil }
        let description = teacher.pairs(count: settings.distillation.pairBatch, steps: 1, seed: 0)
        return PairSet(
            description, images: .zeros([description.count] + description.sampleShape),
            conditions: teacher.conditions)
    }

    private func fidelity(to shape: [Int], device: Device) throws -> Fidelity? {
        guard let source = try images?.url ?? (teacher == nil ? FashionMNIST.folder() : nil) else {
            return nil
        }
        return try Fidelity(
            to: openDataset(at: source, split: .test, size: shape[1]), count: 10_000, weights: lpipsWeights,
            device: device)
    }

    private func run<Teacher: TeacherModel>(
        _ distiller: Distiller<Teacher.Network>, of teacher: Teacher, _ settings: DistillRecipe,
        _ fidelity: Fidelity?, in folder: RunFolder, _ timeLimit: TimeLimit?
    ) throws -> Run<Distiller<Teacher.Network>>.Outcome {
        var run = Run(distiller, settings: settings, in: folder, title: "distil")
        var last = ""
        run.report = { step, scalars in
            let sentence = distiller.health(of: scalars, done: step).map { "\($0)" } ?? ""
            let kind = sentence.prefix { $0 != ":" && $0 != "." }
            if kind != last { say("\nstep \(step): \(sentence)\n") }
            last = String(kind)
            return String(
                format: "loss/dm %.3g, critic lag %.3g", scalars["loss/dm"] ?? .nan,
                scalars["critic/lag"] ?? .nan)
        }
        run.sample = { step, log in
            let generation = teacher.generation(
                of: try distiller.makeAveragedGenerator(), steps: 1, seed: distiller.recipe.seed)
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
