// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Foundation
import Images
import Torch

/// Makes pictures.
struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a sheet of images with a generator, or with a teacher.",
        discussion: "Image number i of a seed is the same whatever the count and the batch.")

    @Option(help: "The weights, as safetensors (default: the bundled generator).")
    var weights: Path?

    @Option(help: "How many images.")
    var count = 80

    @Option(name: .customLong("class"), help: "The class of all images (default: one after another).")
    var label: Int?

    @Option(help: "Names the noise.")
    var seed: UInt64 = 0

    @Option(help: "Images that are made at once.")
    var batch = 64

    @Option(help: "The picture to write, .png or .jpg.")
    var out = Path(argument: "samples.png")

    @OptionGroup var sampling: SamplerOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        try requirePositive(("count", count), ("batch", batch))
    }

    func run() throws {
        let device = try compute.resolved()
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
}
