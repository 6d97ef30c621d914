// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import Testing
import Torch

@Suite struct FolderDatasetTests {
    private func png(_ level: UInt8, width: Int = 4, height: Int = 4, channels: Int = 3) throws -> [UInt8] {
        Array(try Image(width: width, height: height, channels: channels, level: level).pngData())
    }

    private func levels(_ set: any ImageDataset) throws -> [UInt8] {
        let batch = try set.images(at: Array(0..<set.count))
        return Image.images(from: batch).map { $0.pixels[0] }
    }

    @Test func subfoldersAreClassesInOrder() throws {
        let folder = try ScratchFolder()
        try folder.write(png(1), "dogs/b.png")
        try folder.write(png(2), "cats/z.png")
        try folder.write(png(3), "dogs/a/deep.png")
        try folder.write(png(4), "cats/a.png")
        let set = try openDataset(at: folder.url)
        #expect(set.count == 4)
        #expect(set.imageShape == [3, 4, 4])
        #expect(set.labels == [0, 0, 1, 1])
        #expect(set.classCount == 2 && set.classNames == ["cats", "dogs"])
        #expect(try levels(set) == [4, 2, 3, 1])
        #expect(try levels(set) == [4, 2, 3, 1], "the second time, from memory")
    }

    @Test func imagesOutsideSubfoldersMeanNoClasses() throws {
        let folder = try ScratchFolder()
        try folder.write(png(1), "dogs/b.png")
        try folder.write(png(2), "cats/z.png")
        try folder.write(png(3), "top.png")
        #expect(try openDataset(at: folder.url).labels == nil)
        let single = try ScratchFolder()
        try single.write(png(1), "00000/img00000000.png")
        #expect(try openDataset(at: single.url).classCount == 0)
    }

    @Test func aFileOfLabelsGoesBeforeSubfolders() throws {
        let folder = try ScratchFolder()
        try folder.write(png(1), "00001/b.png")
        try folder.write(png(2), "00000/a.png")
        func write(_ labels: String) throws { try folder.write(Array(labels.utf8), "dataset.json") }
        try write(#"{"labels": [["00001/b.png", 7], ["00000/a.png", 3]]}"#)
        let set = try openDataset(at: folder.url)
        #expect(set.labels == [3, 7] && set.classCount == 8 && set.classNames == nil)
        #expect(try levels(set) == [2, 1])
        try write(#"{"labels": null}"#)
        #expect(try openDataset(at: folder.url).labels == nil)
        try write(#"{"labels": [["00001/b.png", 7]]}"#)
        let message = complaint { _ = try openDataset(at: folder.url) }
        #expect(message.contains("dataset.json") && message.contains("there is none for 00000/a.png"))
    }

    @Test func aFileThatIsNoImageIsNamed() throws {
        let folder = try ScratchFolder()
        try folder.write(png(1), "a.png")
        let text = try folder.write(Array("hello".utf8), "sub/notes.txt")
        #expect(throws: ImageError.notAnImage(file: text.path)) { try openDataset(at: folder.url) }
    }

    @Test func hiddenFilesArePassedOver() throws {
        let folder = try ScratchFolder()
        try folder.write(png(1), "a.png")
        try folder.write([0], ".DS_Store")
        try folder.write([0], ".git/config")
        #expect(try openDataset(at: folder.url).count == 1)
    }

    @Test func mixedSizesNeedASize() throws {
        let folder = try ScratchFolder()
        try folder.write(png(10), "a.png")
        try folder.write(png(20, width: 9, height: 6), "b.png")
        let message = complaint { _ = try openDataset(at: folder.url) }
        #expect(message.contains("b.png") && message.contains("9 x 6 RGB") && message.contains("4 x 4 RGB"))
        let set = try openDataset(at: folder.url, size: 5)
        #expect(set.imageShape == [3, 5, 5])
        #expect(try levels(set) == [10, 20])
    }

    @Test func grayJoinsColour() throws {
        let folder = try ScratchFolder()
        try folder.write(png(10, channels: 1), "a.png")
        try folder.write(png(20), "b.png")
        let set = try openDataset(at: folder.url)
        #expect(set.imageShape == [3, 4, 4])
        #expect(
            try Image.images(from: set.images(at: [0])) == [
                Image(width: 4, height: 4, channels: 3, level: 10)
            ])
        let gray = try ScratchFolder()
        try gray.write(png(10, channels: 1), "a.png")
        #expect(try openDataset(at: gray.url).imageShape == [1, 4, 4])
    }

    @Test func damageIsNamedWhenTheImageIsRead() throws {
        let folder = try ScratchFolder()
        try folder.write(png(1), "a.png")
        try folder.write(Array(png(2).dropLast(20)), "b.png")
        let set = try openDataset(at: folder.url)
        #expect(try set.images(at: [0]).shape == [1, 3, 4, 4])
        #expect(complaint { _ = try set.images(at: [0, 1]) }.contains("b.png is damaged"))
    }

    @Test func whatIsNoDataSetIsSaid() throws {
        let folder = try ScratchFolder()
        #expect(complaint { _ = try openDataset(at: folder.url) }.contains("holds no PNG or JPEG"))
        let text = try folder.write(Array("hello".utf8), "words")
        #expect(complaint { _ = try openDataset(at: text) }.contains("words is not an image data set"))
        let lost = folder.url.appendingPathComponent("lost")
        #expect(complaint { _ = try openDataset(at: lost) }.contains("lost cannot be read"))
    }
}
