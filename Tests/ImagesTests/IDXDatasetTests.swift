// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import Testing
import Torch

@Suite struct IDXDatasetTests {
    /// Three images of 2 rows and 3 columns with the classes 4, 0, 1.
    private let images = HandMade.idx([3, 2, 3], Array(0..<18))
    private let labels = HandMade.idx([3], [4, 0, 1])

    @Test(arguments: [false, true]) func imagesAndLabelsAreRead(compressed: Bool) throws {
        let folder = try ScratchFolder()
        let ending = compressed ? ".gz" : ""
        try folder.write(compressed ? HandMade.gzip(images) : images, "t10k-images-idx3-ubyte\(ending)")
        try folder.write(compressed ? HandMade.gzip(labels) : labels, "t10k-labels-idx1-ubyte\(ending)")
        for place in [folder.url, folder.url.appendingPathComponent("t10k-images-idx3-ubyte\(ending)")] {
            let set = try openDataset(at: place, split: .test)
            #expect(set.count == 3)
            #expect(set.imageShape == [1, 2, 3])
            #expect(set.labels == [4, 0, 1])
            #expect(set.classCount == 5)
            let batch = try set.images(at: [2, 0])
            #expect(batch.shape == [2, 1, 2, 3])
            #expect(batch.dtype == .uint8)
            #expect(batch.array(as: UInt8.self) == Array(12..<18) + Array(0..<6))
        }
    }

    @Test func labelsMayBeAbsentOrCompressedBesidePlainImages() throws {
        let folder = try ScratchFolder()
        try folder.write(images, "train-images-idx3-ubyte")
        let bare = try IDXDataset(at: folder.url)
        #expect(bare.labels == nil && bare.classCount == 0)
        try folder.write(HandMade.gzip(labels), "train-labels-idx1-ubyte.gz")
        #expect(try IDXDataset(at: folder.url).labels == [4, 0, 1])
    }

    @Test func aSizeCropsAndResizes() throws {
        let folder = try ScratchFolder()
        let file = try folder.write(images, "train-images-idx3-ubyte")
        let set = try openDataset(at: file, size: 4)
        #expect(set.imageShape == [1, 4, 4])
        let second = Image(width: 3, height: 2, channels: 1, pixels: Array(6..<12))
        #expect(
            Image(tensor: try set.images(at: [1]).selected(dim: 0, index: 0))
                == second.centerCropped().resized(width: 4, height: 4))
    }

    @Test func theMissingSplitIsNamed() throws {
        let folder = try ScratchFolder()
        try folder.write(images, "train-images-idx3-ubyte")
        #expect(
            complaint { _ = try openDataset(at: folder.url, split: .test) }.contains("t10k-images-idx3-ubyte")
        )
    }

    @Test(arguments: [false, true]) func everyTruncationIsAnErrorThatNamesTheFile(compressed: Bool) throws {
        let folder = try ScratchFolder()
        let whole = compressed ? HandMade.gzip(images) : images
        for count in 0..<whole.count {
            let file = try folder.write(Array(whole.prefix(count)), "train-images-idx3-ubyte")
            #expect(
                complaint { _ = try IDXDataset(at: file) }.contains("train-images-idx3-ubyte"),
                "\(count) bytes")
        }
    }

    @Test func foreignAndDamagedFilesAreErrors() throws {
        let folder = try ScratchFolder()
        var damaged = HandMade.gzip(images)
        damaged[damaged.count - 12] ^= 1
        let bad = [
            Array("not an IDX file at all".utf8), labels, HandMade.gzip(labels), images + [0],
            HandMade.gzip(images + [0]), damaged, HandMade.idx([0, 2, 3], []),
            [0, 0, 13] + images.dropFirst(3),
        ]
        for (index, bytes) in bad.enumerated() {
            let file = try folder.write(bytes, "bad")
            #expect(complaint { _ = try IDXDataset(at: file) }.contains("/bad is damaged"), "case \(index)")
        }
    }

    @Test func absurdSizesAreRefusedBeforeAllocating() throws {
        let folder = try ScratchFolder()
        let huge = HandMade.idx([0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], [1, 2, 3])
        let large = HandMade.idx([60_000, 28_000, 28_000], [1, 2, 3])
        for bytes in [huge, large, HandMade.gzip(huge), HandMade.gzip(large)] {
            let file = try folder.write(bytes, "huge")
            #expect(complaint { _ = try IDXDataset(at: file) }.contains("/huge is damaged"))
        }
    }

    @Test func labelsMustBeAsManyAsImages() throws {
        let folder = try ScratchFolder()
        try folder.write(images, "train-images-idx3-ubyte")
        try folder.write(HandMade.idx([2], [4, 0]), "train-labels-idx1-ubyte")
        let message = complaint { _ = try IDXDataset(at: folder.url) }
        #expect(message.contains("train-labels-idx1-ubyte") && message.contains("2 labels for 3 images"))
    }

    static let fashionMNIST = URL(fileURLWithPath: "/usr/share/datasets/fashion-mnist")

    @Test(.enabled(if: FileManager.default.fileExists(atPath: fashionMNIST.path)))
    func fashionMNISTOpens() throws {
        let set = try openDataset(at: Self.fashionMNIST, split: .test)
        #expect(set.count == 10_000)
        #expect(set.imageShape == [1, 28, 28])
        #expect(set.classCount == 10)
        // An ankle boot comes first; each class has a thousand images.
        #expect(set.labels?.first == 9)
        #expect(set.labels?.filter { $0 == 3 }.count == 1000)
    }
}
