// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
public import Foundation
public import Torch

/// The images in a zip laid out as EDM's data set tool makes it, in the order of their names.
///
/// Members are PNG, JPEG or WebP images, such as `00000/img00000000.png`, and `dataset.json`:
///
/// ```text
/// {"labels": [["00000/img00000000.png", 6], ...]}
/// ```
///
/// or `{"labels": null}` for an unlabelled set, as when it is absent. Headers are read at once, images when first asked
/// for. The set is RGB if any image is. What a ``FolderDataset`` passes over is passed over here too.
/// Source: the data set tool of Karras et al., arXiv 2206.00364.
public struct ZipDataset: ImageDataset {
    /// The number of images.
    public let count: Int
    /// The number of classes, 0 where there are no labels.
    public let classCount: Int
    /// The class of each image.
    public let labels: [Int]?
    /// How many images are not upright by their EXIF data.
    public let turnedCount: Int
    /// `[C, H, W]`.
    public var imageShape: [Int] { store.shape }
    private let store: ImageStore

    /// Opens an archive.
    ///
    /// - Parameters:
    ///   - url: the archive.
    ///   - size: the side to which every image is cropped and resized; with nil, all must be of one size.
    ///   - turnsImages: whether images are turned upright as their EXIF data asks for.
    ///   - keepsImages: whether images stay in memory once they are decoded, up to 2 GB; false where each is
    ///     asked for once.
    /// - Throws: ``ImageError`` when the archive is damaged, holds a file that is no image, or a member's
    ///   name or size is suspect, or labels are missing.
    public init(at url: URL, size: Int? = nil, turnsImages: Bool = false, keepsImages: Bool = true) throws {
        let archive = try ImageArchive(at: url)
        let shown = archive.members.filter { !$0.name.split(separator: "/").contains(where: isPassedOver) }
        let images = shown.filter { $0.name != LabelFile.name }
        guard !images.isEmpty else {
            throw ImageError.notADataset(file: url.path, reason: "it holds no images")
        }
        let headers = try ImageHeaders(
            of: images.map(\.name), in: url.path, size: size, turnsImages: turnsImages
        ) {
            archive.title(of: images[$0])
        } header: {
            try archive.header(of: images[$0])
        }
        turnedCount = headers.turnedCount

        count = images.count
        labels = try shown.first { $0.name == LabelFile.name }.flatMap {
            try LabelFile.labels(
                archive.contents(of: $0), of: images.map(\.name), file: archive.title(of: $0))
        }
        classCount = labels?.max().map { $0 + 1 } ?? 0
        store = ImageStore(shape: headers.shape, size: size, keepsImages: keepsImages) { index in
            let name = archive.title(of: images[index])
            let data = try archive.contents(of: images[index])
            return (try Image(decoding: data, named: name, turned: turnsImages), name)
        }
    }

    /// The images at `indices` as uint8 `[N, C, H, W]`.
    public func images(at indices: [Int]) throws -> Tensor {
        try store.images(at: indices)
    }
}
