// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit
import Foundation

struct SampleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sample",
        abstract: "Make images with a generator, or with a teacher.",
        discussion: """
            Image number i of a seed is the same whatever the count and the batch.
            With --prompt, --weights is Stable Diffusion 1 or 2, a folder in the layout of diffusers or one file, as in
            `dmd sample --weights sd15 --prompt "a photo of a corgi" --steps 50`, and with --prompts a file of them.
            """)

    @Option(
        name: [.long, .customLong("generator")],
        help:
            "The weights, as safetensors, or a model's folder or single file (default: the bundled generator)."
    )
    var weights: Path?

    @Option(
        parsing: .unconditional,
        help: "How many images, of each --prompt, or in all of --prompts (default: 80, or 1 of each prompt).")
    var count: Int?

    @Option(
        name: .customLong("class"), parsing: .unconditional,
        help: "The class of all images (default: one after another).")
    var label: Int?

    @Option(parsing: .unconditional, help: "Random seed.", transform: randomSeed)
    var seed: UInt64 = 0

    @Option(parsing: .unconditional, help: "Batch size.")
    var batch = 64

    @Option(
        help: """
            What to write: a picture of all images (.png, .jpg), a folder of single PNG files (no ending), an archive of them as EDM's \
            tools read it (.zip), or an array (.npz). All but a picture go on where they were stopped, in any number of processes.
            """)
    var out = Path(argument: "samples.png")

    @Option(
        help: "What an image should show; --weights is then a model of Stable Diffusion. May be repeated.")
    var prompt: [String] = []

    @Option(
        help: """
            A file of prompts, image i being of prompt i modulo their number: a line each in a .txt file, or a column of a .csv, \
            .tsv or .jsonl file.
            """)
    var prompts: Path?

    @Option(help: "The column of the prompts (default: caption, text or prompt).")
    var promptColumn: String?

    @Option(help: "What the images should not show.")
    var negativePrompt: String?

    @Option(
        parsing: .unconditional, help: "How much the prompt counts (default: 7.5, or 1 in one evaluation).")
    var guidance: Double?

    @Option(
        parsing: .unconditional, help: "The height of an image in pixels (default: that of the training).")
    var height: Int?

    @Option(parsing: .unconditional, help: "The width of an image in pixels (default: that of the training).")
    var width: Int?

    @Option(help: "The folder of a tiny autoencoder, which decodes in the place of the model's own.")
    var tinyDecoder: Path?

    @OptionGroup var model: TextModelOptions
    @OptionGroup var sampling: SamplerOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        guard prompt.isEmpty || prompts == nil else {
            throw ValidationError("--prompt and --prompts are two ways to say the same: give one of them.")
        }
        if promptColumn != nil, prompts == nil { throw ValidationError("--prompt-column needs --prompts.") }
        guard prompt.isEmpty, prompts == nil else { return }
        for (name, isGiven) in [
            ("negative-prompt", negativePrompt != nil), ("guidance", guidance != nil),
            ("height", height != nil),
            ("width", width != nil), ("variant", model.variant != nil), ("tokenizer", model.tokenizer != nil),
            ("tiny-decoder", tinyDecoder != nil),
        ] where isGiven {
            throw ValidationError(
                "--\(name) means nothing without --prompt or --prompts: leave it out, or give a prompt.")
        }
    }

    func run() async throws {
        let job = try Terminal.settings {
            var job = try Sample(
                weights: weights?.url, count: count, seed: seed, text: text(), out: out.url,
                compute: try compute.sharedSettings())
            job.label = label
            job.batch = batch
            job.sampling = sampling.settings
            (job.variant, job.tokenizer) = (model.variant, model.tokenizer?.url)
            return job
        }
        let made = try await Terminal.run(job)
        guard job.compute.isFirst else { return }
        let rate = String(format: "%.2f s, %.4g images/s", made.seconds, Double(made.count) / made.seconds)
        print("\(out): \(made.count) images in \(rate)")
    }

    private func text() throws -> TextSettings? {
        guard !prompt.isEmpty || prompts != nil else { return nil }
        var text =
            try prompts.map { try TextSettings(promptsIn: $0.url, column: promptColumn) }
            ?? TextSettings(prompt)
        text.negativePrompt = negativePrompt ?? ""
        (text.guidance, text.height, text.width) = (guidance, height, width)
        text.tinyDecoder = tinyDecoder?.url
        return text
    }
}
