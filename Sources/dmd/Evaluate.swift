// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit
import Foundation

struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Measure how good the images of a generator, of a teacher or of a set are.",
        discussion: """
            Compares any two of: weights (.safetensors), a folder of Stable Diffusion with --prompts, a set of images (a \
            folder, a zip, IDX files, CIFAR-10, an .npz of arr_0), and saved statistics (.npz, see dmd reference; .pkl and .pt of other programs). Prints the scores with \
            their spread and writes them to a card, which dmd verify checks. Distances compare only at equal --count and \
            --features; only those on the features of the published Inception-v3 are FID. If it was stopped, the same \
            command goes on from there.
            """)

    @Argument(help: "What is judged (default: the bundled generator).")
    var subject: Path?

    @Option(help: "What it is compared with (default: Fashion-MNIST's images).")
    var against: Path?

    @Option(
        parsing: .unconditional,
        help: "How many images of a model, and at most how many of a set (default: 10000).")
    var count: Int?

    @Option(help: "Which part of a set that comes as two: train or test (default: test).")
    var split: Split?

    @Option(
        parsing: .unconditional,
        help: "The side in pixels to which the images of sets are cropped and resized (default: none).")
    var size: Int?

    @Option(parsing: .unconditional, help: "Steps of the model under --against (default: as for --steps).")
    var againstSteps: Int?

    @Option(help: "The teacher's weights, to compare its images of the same noise.")
    var teacher: Path?

    @Option(parsing: .unconditional, help: "Steps of the teacher (default: 18, or 50 for Stable Diffusion).")
    var teacherSteps: Int?

    @Option(parsing: .unconditional, help: "Random seed (default: 0).", transform: randomSeed)
    var seed: UInt64?

    @Option(
        parsing: .unconditional,
        help: "How many seeds to take, from --seed on; scores are then means over them (default: 1).")
    var seeds: Int?

    @Flag(
        help: """
            Measure only the Frechet distance and the drifts of colour, whose memory does not grow with --count.
            """)
    var distanceOnly = false

    @Option(help: "LPIPS's weights (default: those that scripts/setup fetches).")
    var lpips: Path?

    @Option(
        help: """
            The folder of a CLIP model that measures how well images fit their prompts, in the layout of transformers, \
            such as a copy of openai/clip-vit-base-patch32.
            """)
    var clip: Path?

    @Option(help: "The card to write.")
    var card = Path(argument: "evaluation.json")

    @OptionGroup var features: FeatureOptions
    @OptionGroup var prompts: PromptOptions
    @OptionGroup var model: TextModelOptions
    @OptionGroup var sampling: SamplerOptions
    @OptionGroup var compute: ComputeOptions

    func run() async throws {
        let job = try job()
        let found = try await Terminal.run(job)
        if job.compute.isFirst { print("\(found)\nThe card is \(card).") }
    }

    private func job() throws -> Evaluate {
        var job = Evaluate(card: card.url, compute: try compute.sharedSettings())
        if let subject { job.subject = subject.description }
        if let against { job.against = against.description }
        (job.count, job.split, job.size) = (count, split, size)
        (job.sampling, job.againstSteps) = (sampling.settings, againstSteps)
        (job.teacher, job.teacherSteps) = (teacher?.description, teacherSteps)
        (job.seed, job.seeds, job.distanceOnly) = (seed, seeds, distanceOnly)
        (job.features, job.featureWeights) = (features.features, features.featureWeights?.description)
        (job.lpips, job.clip) = (lpips?.description, clip?.description)
        (job.prompts, job.promptColumn) = (prompts.prompts?.description, prompts.promptColumn)
        (job.guidance, job.variant) = (prompts.guidance, model.variant)
        job.tokenizer = model.tokenizer?.url
        return job
    }
}
