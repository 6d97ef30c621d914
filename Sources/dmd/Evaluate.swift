// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Foundation
import Images
import Metrics
import Torch

/// Measures how good the images of a generator or teacher are.
struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how good the images of a generator, or of a teacher, are.",
        discussion: """
            Prints Frechet's distance on VGG16's features between images of the model and real ones (it is not FID, and \
            compares only at equal --count), and with --teacher the LPIPS of images that both make of the same noise.
            """)

    @Option(help: "The weights, as safetensors (default: the bundled generator).")
    var weights: Path?

    @Option(help: "The real images: a folder, an IDX file or a zip (default: Fashion-MNIST's test images).")
    var images: Path?

    @Option(help: "How many images of the model, and at most how many real ones.")
    var count = 10_000

    @Option(help: "The teacher's weights, to compare images of the same noise.")
    var teacher: Path?

    @Option(help: "Steps of the teacher's sampler.")
    var teacherSteps = 18

    @Option(help: "Names the noise.")
    var seed: UInt64 = 0

    @Option(help: "VGG16's weights, which scripts/setup fetches.")
    var lpips = Path(argument: ".weights/lpips-vgg16.safetensors")

    @OptionGroup var sampling: SamplerOptions
    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        try requirePositive(("teacher-steps", teacherSteps))
        // Below 2 there is no covariance.
        guard count >= 2 else { throw ValidationError("--count is \(count); give at least 2.") }
    }

    func run() throws {
        let device = try compute.resolved()
        let denoiser = try loadDenoiser(at: weights?.url ?? Bundled.generator(), device: device)
        let generation = Generation(
            denoiser: denoiser, steps: sampling.steps, method: sampling.method, seed: seed)
        let fidelity = try Fidelity(
            to: openDataset(
                at: images?.url ?? FashionMNIST.folder(), split: .test, size: denoiser.sampleShape[1]),
            count: count, weights: lpips.url, device: device)
        let distance = try fidelity.distance(of: count, title: "images") { generation($0) }
        print("Frechet distance on VGG16 features, \(count) images: \(String(format: "%.3f", distance))")
        guard let teacher else { return }
        let other = try loadDenoiser(at: teacher.url, device: device)
        guard other.sampleShape == denoiser.sampleShape, other.classCount == denoiser.classCount else {
            throw CommandError(
                "\(teacher) makes other images or classes than the model: give its own teacher.")
        }
        let same = try sameNoiseDistance(
            generation, Generation(denoiser: other, steps: teacherSteps, seed: seed), weights: lpips.url)
        print("LPIPS to the teacher's images of the same noise: \(String(format: "%.4f", same))")
    }
}

/// The mean LPIPS between the first 200 images of two models of the same noise.
func sameNoiseDistance(_ a: Generation, _ b: Generation, weights: URL) throws -> Double {
    let lpips = try LPIPS(weights: weights)
    let range = 0..<200
    let (first, second) = (a(range).to(.cpu).chunked(8), b(range).to(.cpu).chunked(8))
    let distances = withoutGradients { concurrently(8) { lpips(first[$0], second[$0]) } }
    return Tensor.concatenated(distances).mean().item()
}
