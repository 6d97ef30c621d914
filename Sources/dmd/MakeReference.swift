// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit

struct MakeReferenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference",
        abstract: "Save the mean and covariance of the features of images, to compare with later.",
        discussion: """
            Given a set of images, weights, or a folder of Stable Diffusion with --prompts, writes an .npz file that EDM's \
            fid.py, pytorch-fid and others read too. Given such a file, theirs included, says what is in it.
            """)

    @Argument(help: "Images, the weights of a model, or an .npz file.")
    var input: Path

    @Option(help: "The file to write (default: reference.npz).")
    var out: Path?

    @Option(
        parsing: .unconditional,
        help: "How many images of a model, and at most how many of a set (default: 50000).")
    var count: Int?

    @Option(help: "Which part of a set that comes as two: train or test (default: train).")
    var split: Split?

    @Option(
        parsing: .unconditional,
        help: "The side in pixels to which a set's images are cropped and resized (default: as they are).")
    var size: Int?

    @Option(
        parsing: .unconditional, help: "Random seed of a model's noise (default: 0).", transform: randomSeed)
    var seed: UInt64?

    @OptionGroup var prompts: PromptOptions
    @OptionGroup var features: FeatureOptions
    @OptionGroup var model: TextModelOptions
    @OptionGroup var sampling: SamplerOptions
    @OptionGroup var compute: ComputeOptions

    func run() async throws {
        var job = MakeReference(
            input.description, out: out?.url, count: count, split: split, size: size, seed: seed,
            sampling: sampling.settings, prompts: prompts.prompts?.description,
            promptColumn: prompts.promptColumn, guidance: prompts.guidance, features: features.features,
            featureWeights: features.featureWeights?.description, compute: try compute.sharedSettings())
        (job.variant, job.tokenizer) = (model.variant, model.tokenizer?.url)
        let made = try await Terminal.run(job)
        if job.compute.isFirst { print(made.summary) }
    }
}
