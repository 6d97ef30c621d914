// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
public import Foundation
public import Torch

/// The images in a zip laid out as EDM's data set tool makes it, in the order of their names.
///
/// Members are PNG or JPEG images, such as `00000/img00000000.png`, and `dataset.json`:
///
/// ```text
/// {"labels": [["00000/img00000000.png", 6], ...]}
/// ```
///
/// or `{"labels": null}` for an unlabelled set, as when it is absent. The first image gives the shape. Images
/// are read when first asked for. Source: the data set tool of Karras et al., arXiv 2206.00364.
public struct ZipDataset: ImageDataset {
    /// The number of images.
    public let count: Int
    /// The number of classes, 0 where there are no labels.
    public let classCount: Int
    /// The class of each image.
    public let labels: [Int]?
    /// `[C, H, W]`.
    public var imageShape: [Int] { store.shape }
    private let store: ImageStore

    /// Opens an archive.
    ///
    /// - Parameters:
    ///   - url: the archive.
    ///   - size: the side to which every image is cropped and resized; with nil, all must be of one size.
    ///   - keepsImages: whether images stay in memory once they are decoded, up to 2 GB; false where each is
    ///     asked for once.
    /// - Throws: ``ImageError`` when the archive is damaged, holds a file that is no image, or a member's
    ///   name or size is suspect, or labels are missing.
    public init(at url: URL, size: Int? = nil, keepsImages: Bool = true) throws {
        let archive = try ImageArchive(at: url)
        let shown = archive.members.filter { !$0.name.split(separator: "/").contains { $0.hasPrefix(".") } }
        let images = shown.filter { $0.name != LabelFile.name }
        guard let first = images.first else {
            throw ImageError.notADataset(file: url.path, reason: "it holds no images")
        }
        if let stray = images.first(where: { !Self.isImageName($0.name) }) {
            throw ImageError.notAnImage(file: archive.title(of: stray))
        }
        let shape = try Codec(archive.contents(of: first), named: archive.title(of: first)).shape()

        count = images.count
        labels = try shown.first { $0.name == LabelFile.name }.flatMap {
            try LabelFile.labels(
                archive.contents(of: $0), of: images.map(\.name), file: archive.title(of: $0))
        }
        classCount = labels?.max().map { $0 + 1 } ?? 0
        let imageShape = size.map { [shape[0], $0, $0] } ?? shape
        store = ImageStore(shape: imageShape, size: size, keepsImages: keepsImages) { index in
            let name = archive.title(of: images[index])
            return (try Image(decoding: archive.contents(of: images[index]), named: name), name)
        }
    }

    /// The images at `indices` as uint8 `[N, C, H, W]`.
    public func images(at indices: [Int]) throws -> Tensor {
        try store.images(at: indices)
    }

    private static func isImageName(_ name: String) -> Bool {
        [".png", ".jpg", ".jpeg"].contains { name.lowercased().hasSuffix($0) }
    }
}
