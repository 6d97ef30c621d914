// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import TestSupport
import Testing
import Torch

@Suite struct CIFARDatasetTests {
    /// The images of `Tests/Fixtures/cifar-10-python.tar.gz`, two a batch, by their formula.
    private func planes(_ n: Int) -> [UInt8] {
        (0..<3).flatMap { c in
            (0..<32).flatMap { y in
                (0..<32).map { x in UInt8((40 * n + 80 * c + 8 * (y / 4) + x / 4) % 256) }
            }
        }
    }

    private func label(_ n: Int) -> Int { (3 * n + 1) % 10 }

    private func binary(_ numbers: Range<Int>) -> [UInt8] {
        numbers.flatMap { [UInt8(label($0))] + planes($0) }
    }

    private func binaryFolder() throws -> ScratchFolder {
        let folder = try ScratchFolder()
        for batch in 0..<5 {
            try folder.write(binary(2 * batch..<2 * batch + 2), "data_batch_\(batch + 1).bin")
        }
        try folder.write(binary(10..<12), "test_batch.bin")
        return folder
    }

    private func expect(_ set: any ImageDataset, holds numbers: Range<Int>) throws {
        #expect(set is CIFARDataset)
        #expect(set.count == numbers.count && set.classCount == 10 && set.imageShape == [3, 32, 32])
        #expect(set.labels == numbers.map(label))
        let batch = try set.images(at: Array((0..<set.count).reversed()))
        #expect(batch.shape == [numbers.count, 3, 32, 32] && batch.dtype == .uint8)
        #expect(batch.array(as: UInt8.self) == numbers.reversed().flatMap(planes))
    }

    @Test func theBinaryFormIsReadInTheOrderOfItsBatches() throws {
        let folder = try binaryFolder()
        try expect(openDataset(at: folder.url), holds: 0..<10)
        try expect(openDataset(at: folder.url, split: .test), holds: 10..<12)
        try expect(openDataset(at: folder.url.appendingPathComponent("data_batch_3.bin")), holds: 4..<6)
        #expect(try openDataset(at: folder.url).classNames == nil)
        try folder.write(Array("cat\ndog\n\n".utf8), "batches.meta.txt")
        #expect(try openDataset(at: folder.url).classNames == ["cat", "dog"])
    }

    @Test func thePythonArchiveIsReadPackedAndUnpacked() throws {
        let archive = fixture("cifar-10-python.tar.gz")
        let folder = try ScratchFolder()
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = ["tar", "xzf", archive.path, "-C", folder.url.path]
        try tar.run()
        tar.waitUntilExit()
        for place in [archive, folder.url.appendingPathComponent("cifar-10-batches-py")] {
            let set = try openDataset(at: place)
            try expect(set, holds: 0..<10)
            #expect(set.classNames?.first == "airplane" && set.classNames?.count == 10)
            try expect(openDataset(at: place, split: .test), holds: 10..<12)
        }
    }

    @Test func aSizeResizes() throws {
        let folder = try binaryFolder()
        let set = try openDataset(at: folder.url, size: 20)
        #expect(set.imageShape == [3, 20, 20])
        let original = Image(tensor: Tensor(planes(7), shape: [3, 32, 32]))
        #expect(
            try Image.images(from: set.images(at: [7])) == [original.resized(width: 20, height: 20)])
    }

    @Test func missingAndDamagedBatchesAreNamed() throws {
        let folder = try binaryFolder()
        func said() -> String { complaint { _ = try openDataset(at: folder.url) } }
        try folder.write(Array(binary(4..<6).dropLast()), "data_batch_3.bin")
        #expect(
            said().hasSuffix(
                "data_batch_3.bin is damaged: its 6145 bytes are no whole number of images of 3073 bytes; "
                    + "fetch or make it again."))
        try folder.write([], "data_batch_3.bin")
        #expect(said().contains("data_batch_3.bin is damaged"))
        try folder.write([10] + planes(0), "data_batch_3.bin")
        #expect(said().contains("data_batch_3.bin do not fit its images: one is 10, where 0 to 9"))
        try FileManager.default.removeItem(at: folder.url.appendingPathComponent("data_batch_3.bin"))
        #expect(said().contains("the train images, data_batch_3.bin or data_batch_3, are missing"))
    }

    @Test func whatIsChangedInTheArchiveIsAnErrorThatNamesIt() throws {
        let archive = try Data(contentsOf: fixture("cifar-10-python.tar.gz"))
        let folder = try ScratchFolder()
        var stream = RandomStream(seed: 1, purpose: "test", step: 0)
        let places = (stream.uniform([200]) * Double(archive.count)).array(as: Int.self)
        for (number, place) in places.enumerated() {
            var changed = archive
            if number % 4 == 0 {
                changed = changed.prefix(place)
            } else {
                changed[place] ^= UInt8(1 + number)
            }
            let file = try folder.write(Array(changed), "cifar.tar.gz")
            do {
                let set = try openDataset(at: file)
                // A change in the header of gzip, such as in its time, spoils nothing.
                #expect(place < 10 && set.count == 10)
            } catch let error as ImageError {
                #expect(error.description.contains("cifar.tar.gz"))
            }
        }
    }

    @Test func whatIsChangedInABatchIsReadOrAnError() throws {
        let archive = fixture("cifar-10-python.tar.gz")
        let folder = try ScratchFolder()
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        tar.arguments = ["tar", "xzf", archive.path, "-C", folder.url.path]
        try tar.run()
        tar.waitUntilExit()
        let place = folder.url.appendingPathComponent("cifar-10-batches-py")
        let batch = try Data(contentsOf: place.appendingPathComponent("data_batch_2"))
        // All but the images, in which any change is good.
        let places = Array(0..<320) + Array(batch.count - 60..<batch.count)
        for place in places {
            for bit in [0, 3, 7] {
                var changed = batch
                changed[place] ^= 1 << UInt8(bit)
                try folder.write(Array(changed), "cifar-10-batches-py/data_batch_2")
                let error = complaint {
                    let set = try openDataset(at: folder.url.appendingPathComponent("cifar-10-batches-py"))
                    #expect(set.count == 10)
                }
                #expect(error.isEmpty || error.contains("data_batch_2"), "byte \(place): \(error)")
            }
        }
    }
}
