// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Distillation
import Foundation
import Images
import OrderedCollections
import Torch

/// Makes pictures.
struct Sample: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a sheet of images with a generator, or with a teacher.",
        discussion: "Image number i of a seed is the same whatever the count and the batch.")

    @Option(help: "The weights, as safetensors (default: the bundled generator).")
    var weights: Path?

    @Option(
        help:
            "1 makes images in one evaluation, as a generator does; more samples a teacher with Heun's method."
    )
    var steps = 1

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

    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        for (name, value) in [("steps", steps), ("count", count), ("batch", batch)] where value < 1 {
            throw ValidationError("--\(name) is \(value); give at least 1.")
        }
    }

    func run() throws {
        let device = try compute.resolved()
        let denoiser = try loadDenoiser(at: weights?.url ?? Bundled.generator(), device: device)
        if let label, !(0..<max(denoiser.classCount, 1)).contains(label) {
            throw CommandError(
                "--class is \(label); this model has the classes 0 to \(denoiser.classCount - 1).")
        }
        let start = ContinuousClock.now
        let images = makeImages(
            denoiser, seed: seed, count: count, batch: batch, label: label, steps: steps, device: device)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try sheet(of: images, classes: label == nil ? denoiser.classCount : 0).write(to: out.url)
        print(
            "\(out): \(count) images in \(String(format: "%.2f s, %.0f images/s", seconds, Double(count) / seconds))"
        )
    }
}

/// The first `count` images of a seed, uint8 sheets' cells; image i has the class `i % classCount` unless one is given.
func makeImages(
    _ denoiser: EDMDenoiser, seed: UInt64, count: Int, batch: Int = 64, label: Int? = nil, steps: Int,
    device: Device
) -> [Image] {
    stride(from: 0, to: count, by: batch).flatMap { first in
        let indices = Array(first..<min(first + batch, count))
        let z = Tensor.stacked(
            indices.map { index in
                var stream = RandomStream(seed: seed, purpose: "sample.z", step: index)
                return stream.normal(denoiser.sampleShape)
            }
        ).to(device)
        let condition =
            denoiser.classCount == 0
            ? nil
            : Tensor(indices.map { label ?? $0 % denoiser.classCount }, device: device)
                .oneHot(classCount: denoiser.classCount).to(.float32)
        let images = withoutGradients {
            steps == 1
                ? denoiser.generate(from: z, condition: condition)
                : heun(denoiser, noise: z, condition: condition, steps: steps) { _, _ in }
        }
        return Image.images(from: images)
    }
}

/// Images side by side; with classes, one column a class.
func sheet(of images: [Image], classes: Int) -> Image {
    let columns = classes > 0 ? classes : Int(Double(images.count).squareRoot().rounded(.up))
    let scale = max(1, 56 / (images.first?.width ?? 56))
    return Grid(columns: columns, scale: scale).compose(images)
}

/// What a run shows of a network on the way: eight images a class, or 64.
func sampleSheet(of denoiser: EDMDenoiser, seed: UInt64, steps: Int = 18) -> Image {
    let device = denoiser.parameters.values.first?.device ?? .cpu
    let count = denoiser.classCount > 0 ? 8 * denoiser.classCount : 64
    return sheet(
        of: makeImages(denoiser, seed: seed, count: count, steps: steps, device: device),
        classes: denoiser.classCount)
}
