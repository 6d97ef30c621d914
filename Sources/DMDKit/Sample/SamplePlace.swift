// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Files
import Foundation
import Images

/// What ``Sample`` writes, by its name.
struct SamplePlace {
    private enum Kind { case picture, folder, zip, numpy }

    private let url: URL
    private let kind: Kind

    /// The most bytes of an array, which is in memory as a whole.
    private static let largestArray = 8 << 30

    init(_ url: URL) {
        self.url = url
        kind =
            switch url.pathExtension.lowercased() {
            case _ where url.hasDirectoryPath || isFolder(url): .folder
            case "zip": .zip
            case "npz": .numpy
            case "": .folder
            default: .picture
            }
    }

    /// Whether it is one picture of all images.
    var isPicture: Bool { kind == .picture }

    /// - Throws: `ImageError`, `FileError` where nothing could be written.
    func check() throws {
        switch kind {
        case .picture: try Image.checkPlace(url)
        case .folder: try requireWritable(folder: url)
        case .zip, .numpy: try requireWritable(file: url)
        }
    }

    /// Makes single images, and of an archive the archive, whose images are in a folder beside it until then.
    ///
    /// - Parameter labels: the classes that the images have in turn, and how many the model has.
    func write(
        _ description: ImageFiles.Description, by maker: ImageMaker, batch: Int,
        labels: (inTurn: [Int], count: Int)?, _ context: JobContext
    ) throws {
        let size = description.shape.reduce(description.count, *)
        guard kind != .numpy || size <= Self.largestArray else {
            throw SettingError(
                "out", "is an array of \(size >> 30) GB, which needs as much memory",
                "give a name in .zip, or a folder")
        }
        let folder = kind == .folder ? url : url.appendingPathExtension("unfinished")
        let files = try ImageFiles(in: folder, description)
        try files.write(by: maker, batch: batch, context)
        guard kind != .folder else { return }
        guard try files.isComplete, let claim = try FileClaim(on: url) else {
            context.warn(
                "Other processes are at work on the last images: the last of them writes \(url.relativePath); the same command writes it too."
            )
            return
        }
        defer { claim.fulfil() }
        guard isFolder(folder) else { return }
        let images = MadeImages(files: files, labels: labels)
        if kind == .zip {
            try writeZip(of: images, to: url)
        } else {
            try writeArrays(of: images)
        }
        try remove(folder)
    }

    private func writeArrays(of images: MadeImages) throws {
        let shape = images.imageShape
        var arrays = [
            "arr_0": NumPyArray(
                type: "|u1", shape: [images.count, shape[1], shape[2], shape[0]],
                bytes: try images.pixels())
        ]
        if let labels = images.labels {
            let numbers = labels.map { Int64($0).littleEndian }
            arrays["arr_1"] = NumPyArray(
                type: "<i8", shape: [labels.count], bytes: numbers.withUnsafeBytes { Data($0) })
        }
        let names = arrays.keys.sorted()
        try writeZip(to: url, names: names.map { "\($0).npy" }) { arrays[names[$0]]?.npy ?? Data() }
    }
}
