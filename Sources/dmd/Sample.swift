// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Distillation
import Foundation
import Images
import Models
import Torch

/// Makes pictures.
struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a sheet of images with a generator, or with a teacher.",
        discussion: """
            Image number i of a seed is the same whatever the count and the batch.

            With --prompt, --weights is a folder of Stable Diffusion 1 or 2 in the layout of diffusers, as in
            `dmd sample --weights sd15 --prompt "a photo of a corgi" --steps 50`.
            """)

    @Option(
        name: [.long, .customLong("generator")],
        help: "The weights, as safetensors, or a model's folder (default: the bundled generator).")
    var weights: Path?

    @Option(help: "How many images (default: 80, or 1 of each prompt).")
    var count: Int?

    @Option(name: .customLong("class"), help: "The class of all images (default: one after another).")
    var label: Int?

    @Option(help: "Names the noise.")
    var seed: UInt64 = 0

    @Option(help: "Images that are made at once.")
    var batch = 64

    @Option(help: "The picture to write, .png or .jpg.")
    var out = Path(argument: "samples.png")

    @OptionGroup var text: TextOptions
    @OptionGroup var sampling: SamplerOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        try requirePositive(("count", count ?? 1), ("batch", batch))
    }

    func run() throws {
        let device = try compute.resolved()
        if !text.prompt.isEmpty { return try sampleText(device) }
        let count = count ?? 80
        let denoiser = try loadDenoiser(at: weights?.url ?? Bundled.generator(), device: device)
        if let label, !(0..<max(denoiser.classCount, 1)).contains(label) {
            throw CommandError(
                "--class is \(label); this model has the classes 0 to \(denoiser.classCount - 1).")
        }
        let start = ContinuousClock.now
        let images = Generation(
            denoiser: denoiser, steps: sampling.steps, method: sampling.method, seed: seed, label: label
        ).images(count, batch: batch)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try sheet(of: images, classes: label == nil ? denoiser.classCount : 0).write(to: out.url)
        print(
            "\(out): \(count) images in \(String(format: "%.2f s, %.0f images/s", seconds, Double(count) / seconds))"
        )
    }

    /// One image as it is, several with a row for each prompt or as a square.
    private func promptSheet(of images: [Image], rows: Int) -> Image {
        if images.count == 1 { return images[0] }
        let columns = rows > 1 ? images.count / rows : Int(Double(images.count).squareRoot().rounded(.up))
        return Grid(columns: columns).compose(images)
    }

    private func sampleText(_ device: Device) throws {
        guard let weights else {
            throw CommandError("--prompt needs a model: name a folder of Stable Diffusion with --weights.")
        }
        let start = ContinuousClock.now
        let generation = try TextGeneration(
            folder: weights.url, options: text, steps: sampling.steps, seed: seed, device: device)
        let made = try generation.latents(count ?? 1, batch: min(batch, LibTorch.threads))
        LibTorch.returnFreedMemory()
        let images = Image.images(from: generation.decoder.decodeEach(made.latents))
        let notes = [
            ("prompt", text.prompt.joined(separator: " | ")), ("seed", "\(seed)"), ("weights", made.weights),
        ]
        try promptSheet(of: images, rows: text.prompt.count).write(to: out.url, text: notes)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        print("\(out): \(images.count) images in \(String(format: "%.2f s", seconds))")
    }
}
