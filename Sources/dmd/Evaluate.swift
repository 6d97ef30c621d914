// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Foundation
import Images
import Torch
import Training

/// Measures how good the images of a generator or teacher are.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how good the images of a generator, of a teacher or of a set are.",
        discussion: """
            Compares any two of: weights (.safetensors), a folder of Stable Diffusion with --prompts, a set of images (a \
            folder, a zip, IDX files, CIFAR-10), and saved statistics (.npz, see dmd reference). Prints the scores with \
            their spread and writes them to a card, which dmd verify checks. Distances compare only at equal --count and \
            --features; only those on the features of the published Inception-v3 are FID. Running the same command again \
            goes on where it was stopped.
            """)

    @Argument(help: "What is judged (default: the bundled generator).")
    var subject = Path(argument: SideRequest.generator)

    @Option(help: "What it is compared with (default: Fashion-MNIST's images).")
    var against = Path(argument: SideRequest.fashionMNIST)

    @Option(help: "How many images of a model, and at most how many of a set.")
    var count = 10_000

    @Option(help: "Which part of a set that comes as two: train or test.")
    var split = DatasetSplit.test

    @Option(help: "Steps of the model under --against.")
    var againstSteps = 18

    @Option(help: "The teacher's weights, to compare images of the same noise.")
    var teacher: Path?

    @Option(help: "Steps of the teacher's sampler.")
    var teacherSteps = 18

    @Option(help: "Names the noise.")
    var seed: UInt64 = 0

    @Option(help: "How many seeds to take, from --seed on: scores are their mean, spreads their deviation.")
    var seeds = 1

    @Flag(
        help:
            "Measure only the Frechet distance and the drifts of colour, whose memory does not grow with --count."
    )
    var distanceOnly = false

    @Option(help: "LPIPS's weights, which scripts/setup fetches.")
    var lpips = Path.lpips

    @Option(
        help: """
            The folder of the CLIP model that measures how well images fit their prompts, in the layout of transformers, \
            such as a copy of openai/clip-vit-base-patch32.
            """)
    var clip: Path?

    @Option(help: "The card to write.")
    var card = Path(argument: "evaluation.json")

    @OptionGroup var features: FeatureOptions
    @OptionGroup var prompts: PromptOptions
    @OptionGroup var sampling: SamplerOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        try requirePositive(
            ("teacher-steps", teacherSteps), ("against-steps", againstSteps), ("seeds", seeds))
        // Below 2 there is no covariance.
        guard count >= 2 else { throw ValidationError("--count is \(count); give at least 2.") }
        guard clip == nil || prompts.prompts != nil else {
            throw ValidationError(
                "--clip needs --prompts: name the file of the prompts that the images were made from.")
        }
    }

    func run() throws {
        let device = try compute.resolved()
        Interrupt.install()
        func side(_ path: Path, steps: Int, _ sampler: SamplerSettings = SamplerSettings()) -> SideRequest {
            SideRequest(
                path: path, steps: steps, sampler: sampler, split: split, count: count,
                guidance: prompts.guidance)
        }
        let evaluation = Evaluation(
            subject: side(subject, steps: sampling.steps, SamplerSettings(sampling.method)),
            reference: side(against, steps: againstSteps),
            teacher: teacher.map { side($0, steps: teacherSteps) },
            seeds: (0..<UInt64(seeds)).map { seed + $0 }, features: features.features,
            featureWeights: features.featureWeights, lpips: lpips, prompts: prompts.request(clip: clip),
            distanceOnly: distanceOnly, device: device,
            unfinished: card.url.appendingPathExtension("unfinished"))
        let found = try evaluation.run()
        try found.write(to: card.url)
        print(
            """
            \(found.subject)
            against \(found.reference), features of \(found.features.kind)
            \(table(of: found.scores, isFID: found.features.isFID))
            The card is \(card).
            """)
    }
}
