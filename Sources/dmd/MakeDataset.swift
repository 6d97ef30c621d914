// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import ArgumentParser
import DMDKit

struct MakeDatasetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset",
        abstract: "Make a zip of images that trains a teacher, here or with EDM.",
        discussion: """
            The images are a folder of PNG, JPEG and WebP files, IDX files, CIFAR-10 as it is offered, or a zip. In a folder, \
            dataset.json gives the classes; without it, subfolders do.
            """)

    @Argument(help: "The images.")
    var images: Path

    @Argument(help: "The zip to make.")
    var out: Path

    @Option(
        parsing: .unconditional,
        help: "The side in pixels to which every image is cropped around its middle and resized.")
    var size: Int?

    @Flag(help: "Turn images upright as the EXIF data of a camera's JPEG files asks for.")
    var turn = false

    @Option(help: "Which part of a set that comes as two: train or test.")
    var split = Split.train

    func run() async throws {
        var job = MakeDataset(images.url, to: out.url, size: size, split: split)
        job.turnsImages = turn
        print("\(out): \(try await Terminal.run(job))")
    }
}

extension Split: ExpressibleByArgument {}
