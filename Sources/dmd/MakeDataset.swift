// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import ArgumentParser
import Foundation
public import Images
import Training

/// Makes one zip of a set of images, in the form that EDM's tools use.
struct MakeDataset: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dataset",
        abstract: "Make a zip of images that trains a teacher, here or with EDM.",
        discussion: """
            The images are a folder of PNG and JPEG files, IDX files, CIFAR-10 as it is offered, or a zip. In a folder, \
            dataset.json gives the classes; without it, subfolders do.
            """)

    @Argument(help: "The images.")
    var images: Path

    @Argument(help: "The zip to make.")
    var out: Path

    @Option(help: "The side in pixels to which every image is cropped around its middle and resized.")
    var size: Int?

    @Option(help: "Which part of a set that comes as two: train or test.")
    var split = DatasetSplit.train

    func validate() throws {
        if let size { try requirePositive(("size", size)) }
        guard out.url.pathExtension.lowercased() == "zip" else {
            throw ValidationError("The name of the zip to make is \(out); give one in .zip.")
        }
    }

    func run() throws {
        let dataset = try openDataset(at: images.url, split: split, size: size, keepsImages: false)
        Interrupt.install()
        var progress = ProgressReport("dataset", total: dataset.count, unit: "image")
        let isWhole = try writeZip(of: dataset, to: out.url) { written in
            progress.update(written)
            return !Interrupt.isRequested
        }
        progress.finish()
        guard isWhole else { throw Ending.stopped() }
        let shape = dataset.imageShape
        let kind = "\(shape[2]) x \(shape[1]) \(shape[0] == 1 ? "gray" : "RGB")"
        let names = dataset.classNames.map { " (\($0.joined(separator: ", ")))" } ?? ""
        let classes = dataset.labels == nil ? "no classes" : "\(dataset.classCount) classes\(names)"
        print("\(out): \(dataset.count) images, \(kind), \(classes)")
    }
}

extension DatasetSplit: ExpressibleByArgument {}
