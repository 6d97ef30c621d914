// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import TestSupport
import Testing
import Torch

@Suite struct DatasetWriterTests {
    private struct Failure: Error {}

    /// Images by their pattern; the one of index `broken` cannot be read.
    private struct Patterns: ImageDataset {
        var count = 7
        var channels = 3
        var labels: [Int]?
        var broken: Int?
        var imageShape: [Int] { [channels, 8, 8] }
        var classCount: Int { labels?.max().map { $0 + 1 } ?? 0 }

        func images(at indices: [Int]) throws -> Tensor {
            if let broken, indices.contains(broken) { throw Failure() }
            return Image.tensor(
                of: indices.map { index in
                    let image = pattern(width: 8, height: 8, channels: channels)
                    let pixels = image.pixels.map { $0 &+ UInt8(truncatingIfNeeded: 31 * index) }
                    return Image(width: 8, height: 8, channels: channels, pixels: pixels)
                })
        }
    }

    private func names(in folder: ScratchFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    }

    @Test(arguments: [1, 3], [nil, [3, 0, 5, 5, 1, 0, 2]]) func aZipGivesTheSetAgain(
        channels: Int, labels: [Int]?
    ) throws {
        let folder = try ScratchFolder()
        let set = Patterns(channels: channels, labels: labels)
        let file = folder.url.appendingPathComponent("set.zip")
        try writeZip(of: set, to: file)
        let again = try openDataset(at: file)
        let all = Array(0..<7)
        #expect(again.count == 7 && again.imageShape == set.imageShape)
        #expect(again.labels == labels && again.classCount == set.classCount)
        #expect(
            try again.images(at: all).array(as: UInt8.self) == set.images(at: all).array(as: UInt8.self))

        let first = try Data(contentsOf: file)
        try writeZip(of: again, to: file)
        #expect(try Data(contentsOf: file) == first, "equal sets make equal files")
        #expect(try names(in: folder) == ["set.zip"])
    }

    @Test func membersAreStoredUnderTheNamesThatEDMReads() throws {
        let folder = try ScratchFolder()
        let file = folder.url.appendingPathComponent("set.zip")
        try writeZip(of: Patterns(count: 2, labels: [4, 2]), to: file)
        let bytes = try Data(contentsOf: file)
        // A local header: signature, version, flags, method 0 (stored), ...
        #expect(Array(bytes.prefix(4)) == [0x50, 0x4B, 3, 4] && bytes[8] == 0 && bytes[9] == 0)
        #expect(String(decoding: bytes[30..<51], as: UTF8.self) == "00000/img00000000.png")
        let labels = #"{"labels": [["00000/img00000000.png", 4], ["00000/img00000001.png", 2]]}"#
        #expect(bytes.range(of: Data(labels.utf8)) != nil, "dataset.json")
    }

    @Test func aFailureOrAStopLeavesTheOldFile() throws {
        let folder = try ScratchFolder()
        let file = try folder.write([1, 2, 3], "set.zip")
        #expect(throws: Failure.self) { try writeZip(of: Patterns(broken: 4), to: file) }
        #expect(throws: CancellationError.self) {
            try writeZip(of: Patterns(), to: file) { if $0 == 5 { throw CancellationError() } }
        }
        #expect(try Data(contentsOf: file) == Data([1, 2, 3]))
        #expect(try names(in: folder) == ["set.zip"])
    }

    @Test func aPlaceThatCannotBeWrittenIsNamed() throws {
        let folder = try ScratchFolder()
        try folder.write([], "file")
        let impossible = complaint {
            _ = try writeZip(of: Patterns(), to: folder.url.appendingPathComponent("file/set.zip"))
        }
        #expect(impossible.contains("file"))
        try folder.write([], "taken.zip/file")
        let taken = complaint {
            _ = try writeZip(of: Patterns(), to: folder.url.appendingPathComponent("taken.zip"))
        }
        #expect(taken.contains("taken.zip is a folder"))
        #expect(try names(in: folder).sorted() == ["file", "taken.zip"])
    }

    @Test func everyKindOfSetBecomesAZip() throws {
        let folder = try ScratchFolder()
        let sets = [
            try openDataset(at: fixture("cifar-10-python.tar.gz"), size: 8, keepsImages: false),
            try openDataset(at: folder.write(HandMade.idx([3, 2, 3], Array(0..<18)), "images-idx3-ubyte")),
        ]
        for set in sets {
            let file = folder.url.appendingPathComponent("set.zip")
            try writeZip(of: set, to: file)
            let again = try openDataset(at: file, keepsImages: false)
            let all = Array(0..<set.count)
            #expect(again.labels == set.labels)
            #expect(
                try again.images(at: all).array(as: UInt8.self) == set.images(at: all).array(as: UInt8.self))
        }
    }

    @Test func whatIsChangedInAZipIsReadOrAnErrorThatNamesIt() throws {
        let folder = try ScratchFolder()
        let file = folder.url.appendingPathComponent("set.zip")
        try writeZip(of: Patterns(count: 3, labels: [4, 2, 0]), to: file)
        let whole = try Data(contentsOf: file)
        for place in whole.indices {
            var changed = whole
            changed[place] ^= UInt8(1 << (place % 8))
            try changed.write(to: file)
            let message = complaint {
                let set = try openDataset(at: file)
                #expect(try set.images(at: Array(0..<set.count)).shape[0] == set.count)
            }
            #expect(message.isEmpty || message.contains("set.zip"), "byte \(place)")
        }
    }
}
