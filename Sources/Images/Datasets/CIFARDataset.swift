// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Torch

/// The images of CIFAR-10, held in memory, in the order of its batches.
///
/// Its makers offer the same images twice, and both are read, as they come and unpacked:
///
/// | archive | folder | files |
/// |---|---|---|
/// | `cifar-10-binary.tar.gz` | `cifar-10-batches-bin` | `data_batch_1.bin` to `5`, `test_batch.bin` |
/// | `cifar-10-python.tar.gz` | `cifar-10-batches-py` | `data_batch_1` to `5`, `test_batch` |
///
/// One `.bin` file alone may be opened too. Source: www.cs.toronto.edu/~kriz/cifar.html.
public struct CIFARDataset: ImageDataset {
    /// The number of images.
    public let count: Int
    /// Always 10.
    public var classCount: Int { CIFARBatch.classCount }
    /// The class of each image.
    public let labels: [Int]?
    /// The names of the classes, where the file that tells them is beside the batches.
    public let classNames: [String]?
    /// `[3, H, W]`.
    public let imageShape: [Int]
    private let batches: CIFARBatches
    private let resized: ImageStore?

    /// Opens a folder, an archive or one `.bin` file.
    ///
    /// - Parameters:
    ///   - url: the folder, the archive or the file.
    ///   - split: the training images in five batches, or the test images; a file alone is read whole.
    ///   - size: the side to which the images are resized; nil keeps them as they are, 32 x 32.
    ///   - keepsImages: whether resized images stay in memory, up to 2 GB; false where each is asked for once.
    /// - Throws: ``ImageError`` when a batch is missing or damaged.
    public init(
        at url: URL, split: DatasetSplit = .train, size: Int? = nil, keepsImages: Bool = true
    ) throws {
        let files = try CIFARFiles(at: url, split: split)
        let batches = try CIFARBatches(files.batches())
        self.batches = batches
        count = batches.count
        labels = batches.labels
        classNames = try files.classNames()
        imageShape = size.map { [3, $0, $0] } ?? CIFARBatch.imageShape
        resized =
            imageShape == CIFARBatch.imageShape
            ? nil
            : ImageStore(shape: imageShape, size: size, keepsImages: keepsImages) { index in
                let planes = Tensor(Array(batches.planes(at: index)), shape: CIFARBatch.imageShape)
                return (Image(tensor: planes), files.place)
            }
    }

    /// The images at `indices` as uint8 `[N, 3, H, W]`.
    public func images(at indices: [Int]) throws -> Tensor {
        if let resized { return try resized.images(at: indices) }
        return Tensor(indices.flatMap(batches.planes), shape: [indices.count] + imageShape)
    }
}

/// The images of several batches under one count.
private struct CIFARBatches: Sendable {
    let batches: [CIFARBatch]
    let count: Int
    /// The index of the first image of each batch.
    private let starts: [Int]

    var labels: [Int] { batches.flatMap(\.labels) }

    init(_ batches: [CIFARBatch]) {
        self.batches = batches
        var starts: [Int] = []
        var count = 0
        for batch in batches {
            starts.append(count)
            count += batch.count
        }
        self.starts = starts
        self.count = count
    }

    func planes(at index: Int) -> ArraySlice<UInt8> {
        guard let batch = starts.lastIndex(where: { $0 <= index }) else {
            preconditionFailure("there is no image \(index)")
        }
        return batches[batch].planes(at: index - starts[batch])
    }
}
