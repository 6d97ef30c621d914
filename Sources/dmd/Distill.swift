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
            Makes the pairs it needs, unless a folder of them is given. Running the same command again goes on where \
            the last run stopped.
            """)

    @Option(help: "The teacher's weights, as safetensors (default: the bundled teacher).")
    var teacher: Path?

    @Option(
        help: "A folder of pairs that `dmd pairs` made of this teacher (default: made in the run's folder).")
    var pairs: Path?

    @Option(help: "LPIPS's weights, which scripts/setup fetches.")
    var lpips = Path(argument: ".weights/lpips-vgg16.safetensors")

    @Option(help: "The run's folder.")
    var out = Path(argument: "runs/demo")

    @OptionGroup var recipe: RecipeOptions
    @OptionGroup var compute: ComputeOptions

    func run() throws {
        let settings = try recipe.resolved(as: DistillRecipe.self, default: Bundled.demoRecipe)
        if recipe.dryRun { return print(try settings.yaml(), terminator: "") }
        let device = try compute.resolved()
        let denoiser = try loadDenoiser(at: teacher?.url ?? Bundled.teacher(), device: device)
        let distance =
            settings.distillation.lambda > 0
            ? try LPIPS(weights: lpips.url, resize: settings.lpipsResize, device: device) : nil

        Interrupt.install()
        let folder = RunFolder(out.url)
        let pairSet = try pairSet(of: denoiser, settings, device: device)
        let distiller = try Distiller(
            settings.distillation, teacher: denoiser, makeNetwork: denoiser.untrained, pairs: pairSet,
            distance: distance.map { distance in { distance($0, $1) } }, device: device)
        let outcome = try distil(distiller, in: folder)
        if case .interrupted(let step) = outcome { throw stopped(afterStep: step) }

        let generator = try distiller.makeAveragedGenerator()
        let weights = folder.url.appending(path: "generator.safetensors")
        try saveDenoiser(generator, to: weights, metadata: ["dmd.recipe": settings.yaml()])
        try writePictures(of: generator, teacher: denoiser, settings, to: folder.url, device: device)
        print("The generator is in \(weights.relativePath), pictures are beside it.")
    }

    private func pairSet(of teacher: EDMDenoiser, _ settings: DistillRecipe, device: Device) throws
        -> PairSet?
    {
        guard settings.distillation.lambda > 0 else { return nil }
        if let pairs { return try PairSet(pairs.url) }
        let folder = out.url.appending(path: "pairs")
        let isWhole = try makePairs(
            of: teacher, in: folder, count: settings.pairCount, steps: settings.teacherSteps,
            seed: settings.distillation.seed, device: device)
        guard isWhole else { throw stopped() }
        return try PairSet(folder)
    }

    private func distil(
        _ distiller: Distiller<EDMDenoiser>, in folder: RunFolder
    ) throws -> DistillationRun<EDMDenoiser>.Outcome {
        var run = DistillationRun(distiller, in: folder)
        var last = ""
        run.report = { step, scalars, health in
            let sentence = "\(health)"
            if sentence != last { FileHandle.standardError.write(Data("\nstep \(step): \(sentence)\n".utf8)) }
            last = sentence
        }
        run.sample = { step, log in
            let grid = try sampleSheet(
                of: distiller.makeAveragedGenerator(), seed: distiller.recipe.seed, steps: 1)
            try grid.write(to: folder.samples.appending(path: String(format: "step-%09d.png", step)))
            try log.record(
                step: step, tag: "samples", image: grid.pngData(), width: grid.width, height: grid.height)
        }
        return try run.run()
    }

    /// `samples.png`, and `compare.png` with the teacher's image above the generator's for the same noise.
    private func writePictures(
        of generator: EDMDenoiser, teacher: EDMDenoiser, _ settings: DistillRecipe, to folder: URL,
        device: Device
    ) throws {
        let seed = settings.distillation.seed
        try sampleSheet(of: generator, seed: seed, steps: 1).write(to: folder.appending(path: "samples.png"))
        let columns = max(10, generator.classCount)
        let rows = 3
        func images(_ network: EDMDenoiser, steps: Int) -> [Image] {
            makeImages(network, seed: seed, count: rows * columns, steps: steps, device: device)
        }
        let many = images(teacher, steps: settings.teacherSteps)
        let one = images(generator, steps: 1)
        let cells = (0..<rows).flatMap { row in
            let range = row * columns..<(row + 1) * columns
            return Array(many[range]) + Array(one[range])
        }
        let labels = (0..<rows).flatMap { _ in ["\(2 * settings.teacherSteps - 1)", "1"] }
        try Grid(columns: columns, scale: max(1, 56 / cells[0].width), rowLabels: labels).compose(cells)
            .write(to: folder.appending(path: "compare.png"))
    }
}
