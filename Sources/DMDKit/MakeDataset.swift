// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
import Images

/// Makes one zip of a set of images, in the form that EDM's tools use.
public struct MakeDataset: Job {
    /// A folder of PNG, JPEG and WebP files, IDX files, CIFAR-10 as it is offered, a zip, or an `.npz` of `arr_0`.
    public var images: URL
    /// The zip to make.
    public var out: URL
    /// The side in pixels to which every image is cropped around its middle and resized; nil leaves them.
    public var size: Int?
    /// Whether images are turned upright as the EXIF data of a camera's JPEG files asks for, which the zip does not keep.
    public var turnsImages = false
    /// Which part of a set that comes as two.
    public var split: Split
    /// Where it computes.
    public var compute = ComputeSettings.cpu

    /// A zip; see the properties.
    public init(_ images: URL, to out: URL, size: Int? = nil, split: Split = .train) {
        (self.images, self.out, self.size, self.split) = (images, out, size, split)
    }

    /// Writes the zip.
    ///
    /// - Returns: one line: how many images of which kind and classes.
    public func run(in context: JobContext) throws -> String {
        try require(("size", size, .imageSides))
        guard out.pathExtension.lowercased() == "zip" else {
            throw SettingError("out", "is \(out.relativePath)", "give a name in .zip")
        }
        try requireWritable(file: out)
        let dataset = try openDataset(
            at: images, split: split.part, size: size, turnsImages: turnsImages,
            keepsImages: false)
        if !turnsImages { context.warnOfTurnedImages(in: dataset, at: images.relativePath) }
        var counter = context.counter("dataset", total: dataset.count, unit: "image")
        try writeZip(of: dataset, to: out) { written in
            counter.update(written)
            try context.check()
        }
        counter.finish()
        let shape = dataset.imageShape
        let kind = "\(shape[2]) x \(shape[1]) \(shape[0] == 1 ? "gray" : "RGB")"
        let names = dataset.classNames.map { " (\($0.joined(separator: ", ")))" } ?? ""
        let classes = dataset.labels == nil ? "no classes" : "\(dataset.classCount) classes\(names)"
        return "\(dataset.count) images, \(kind), \(classes)"
    }
}

extension JobContext {
    /// Warns that images lie on their side, which a viewer that reads EXIF data does not show.
    func warnOfTurnedImages(in dataset: any ImageDataset, at place: String) {
        guard dataset.turnedCount > 0 else { return }
        warn(
            "\(dataset.turnedCount.formatted()) images of \(place) are not upright without their EXIF data, which is ignored: "
                + "`dmd dataset --turn` makes a set in which they are.")
    }
}
