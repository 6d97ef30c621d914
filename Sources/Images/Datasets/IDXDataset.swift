// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
public import Torch

/// Gray images in the format of MNIST and its successors, held in memory.
///
/// The images lie in `train-images-idx3-ubyte` or `t10k-images-idx3-ubyte`, their classes beside them in
/// `train-labels-idx1-ubyte` or `t10k-labels-idx1-ubyte`, each plain or in `.gz`. Without a file of labels
/// the set is unlabelled.
public struct IDXDataset: ImageDataset {
    /// The number of images.
    public let count: Int
    /// `[C, H, W]`.
    public let imageShape: [Int]
    /// The number of classes, 0 where there are no labels.
    public let classCount: Int
    /// The class of each image.
    public let labels: [Int]?
    private let pixels: [UInt8]

    /// Opens a folder that holds IDX files, or one file of images.
    ///
    /// - Parameters:
    ///   - url: the folder, or the file of images.
    ///   - split: which pair of files in a folder.
    ///   - size: the side to which the images are cropped and resized; nil keeps them as they are.
    /// - Throws: ``ImageError`` when a file is missing or damaged, or there are not as many labels as images.
    public init(at url: URL, split: DatasetSplit = .train, size: Int? = nil) throws {
        let file = try isExistingFolder(url) ? Self.imagesFile(in: url, split: split) : url
        let images = try IDXFile(contentsOf: file, rank: 3)
        count = images.shape[0]
        let (height, width) = (images.shape[1], images.shape[2])
        if let size, size != height || size != width {
            let one = height * width
            pixels = (0..<count).flatMap { index in
                let levels = Array(images.elements[index * one..<(index + 1) * one])
                return Image(width: width, height: height, channels: 1, pixels: levels).fitted(to: size)
                    .pixels
            }
            imageShape = [1, size, size]
        } else {
            pixels = images.elements
            imageShape = [1, height, width]
        }

        if let file = Self.labelsFile(for: file) {
            let classes = try IDXFile(contentsOf: file, rank: 1).elements.map(Int.init)
            guard classes.count == count else {
                throw ImageError.badLabels(
                    file: file.path, reason: "there are \(classes.count) labels for \(count) images")
            }
            labels = classes
            classCount = classes.max().map { $0 + 1 } ?? 0
        } else {
            labels = nil
            classCount = 0
        }
    }

    /// The images at `indices` as uint8 `[N, C, H, W]`.
    public func images(at indices: [Int]) throws -> Tensor {
        let length = imageShape[1] * imageShape[2]
        let chosen = indices.flatMap { pixels[$0 * length..<($0 + 1) * length] }
        return Tensor(chosen, shape: [indices.count] + imageShape)
    }

    /// Whether a folder holds images of either split.
    static func canOpen(folder: URL) -> Bool {
        DatasetSplit.allCases.contains { firstFile(in: folder, imagesNames(of: $0)) != nil }
    }

    private static func imagesNames(of split: DatasetSplit) -> [String] {
        let stem = split == .train ? "train" : "t10k"
        return ["\(stem)-images-idx3-ubyte", "\(stem)-images.idx3-ubyte"]
    }

    private static func imagesFile(in folder: URL, split: DatasetSplit) throws -> URL {
        let names = imagesNames(of: split)
        guard let file = firstFile(in: folder, names) else {
            throw ImageError.notADataset(
                file: folder.path,
                reason: "the \(split.rawValue) images, \(names[0]) or \(names[0]).gz, are missing")
        }
        return file
    }

    private static func labelsFile(for images: URL) -> URL? {
        let name = images.pathExtension == "gz" ? images.deletingPathExtension() : images
        let labels = name.lastPathComponent.replacing("images", with: "labels").replacing(
            "idx3", with: "idx1")
        return labels == name.lastPathComponent
            ? nil : firstFile(in: images.deletingLastPathComponent(), [labels])
    }

    /// The first of `names` that exists in the folder, plain or compressed.
    private static func firstFile(in folder: URL, _ names: [String]) -> URL? {
        names.flatMap { [$0, $0 + ".gz"] }.map { folder.appendingPathComponent($0) }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }
}
