// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Images
import TestSupport
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

    @Test(arguments: [false, true]) func camerasImagesAreTurnedOnlyWhereThatIsAsked(zipped: Bool) throws {
        let folder = try ScratchFolder()
        let files = try (1...8).map { number in
            let file = fixture("images/exif-\(number).jpg")
            return (name: "\(number).jpg", data: Array(try Data(contentsOf: file)))
        }
        for file in files { try folder.write(file.data, "set/\(file.name)") }
        let place =
            zipped ? try folder.write(HandMade.zip(files), "set.zip") : folder.url.appending(path: "set")
        let turned = try openDataset(at: place, turnsImages: true)
        #expect(turned.imageShape == [3, 16, 24] && turned.turnedCount == 7)
        let images = try turned.images(at: Array(0..<8)).to(.float32)
        for number in 1..<8 {
            let difference = images.selected(dim: 0, index: number) - images.selected(dim: 0, index: 0)
            #expect(difference.abs().max().item() <= 6, "orientation \(number + 1)")
        }
        // As they are stored, four lie on their side.
        #expect(complaint { _ = try openDataset(at: place) }.contains("16 x 24 RGB"))
        let square = try openDataset(at: place, size: 8)
        #expect(square.turnedCount == 7)
        let stored = try square.images(at: [0, 2]).to(.float32)
        let halfTurn = stored.selected(dim: 0, index: 0) - stored.selected(dim: 0, index: 1)
        #expect(halfTurn.abs().max().item() > 50)
    }

    @Test func textsBesideImagesAreTheirCaptions() throws {
        let folder = try ScratchFolder()
        try folder.write(png(1), "set/x/a.b.png")
        try folder.write(Array("a\ncat\r\n".utf8), "set/x/a.b.txt")
        try folder.write(png(2), "set/y/c.jpg")
        let place = folder.url.appending(path: "set")
        #expect(complaint { _ = try openDataset(at: place).captions() }.contains("c.jpg do not fit"))
        try folder.write(Array("\u{20AC} dog".utf8), "set/y/c.TXT")
        let set = try openDataset(at: place)
        #expect(set.count == 2 && set.classNames == ["x", "y"])
        #expect(try set.captions() == ["a cat", "\u{20AC} dog"])
        // A text of no image is what it was before: no image.
        try folder.write(Array("notes".utf8), "set/notes.txt")
        #expect(complaint { _ = try openDataset(at: place) }.contains("notes.txt"))
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
        try write(#"{"labels": [["00001/b.png", 7], ["00000/a.png", 3], ["00001/b.png", 7]]}"#)
        #expect(try openDataset(at: folder.url).labels == [3, 7])
        try write(#"{"labels": [["00001/b.png", 7], ["00000/a.png", 3], ["00001/b.png", 2]]}"#)
        #expect(
            complaint { _ = try openDataset(at: folder.url) }.contains(
                "00001/b.png has the class 7 and the class 2"))
    }

    @Test func aFileThatIsNoImageIsNamed() throws {
        let folder = try ScratchFolder()
        try folder.write(png(1), "a.png")
        let text = try folder.write(Array("hello".utf8), "sub/notes.txt")
        #expect(throws: ImageError.notAnImage(file: text.path)) { try openDataset(at: folder.url) }
    }

    @Test func allStrayFilesAreNamedAtOnce() throws {
        let folder = try ScratchFolder()
        try folder.write(png(1), "a.png")
        try folder.write(Array("hello".utf8), "sub/notes.txt")
        try folder.write([], "empty.png")
        #expect(
            complaint { _ = try openDataset(at: folder.url) }
                == "\(folder.url.path) holds 2 files that are neither PNG, JPEG nor WebP images, empty.png, sub/notes.txt; "
                + "convert them, take them out, or hide them with a leading dot.")
    }

    @Test func whatSystemsLeaveIsPassedOver() throws {
        let folder = try ScratchFolder()
        try folder.write(png(1), "a.png")
        for name in ["Thumbs.db", "sub/desktop.ini", "Desktop.ini", "ehthumbs.db", "Icon\r"] {
            try folder.write([0], name)
        }
        try folder.write(png(2), "@eaDir/a.png/SYNOFILE_THUMB_M.png")
        try folder.link(".#a.png", to: "someone@host.1234")
        #expect(try openDataset(at: folder.url).count == 1)
    }

    @Test func linksAreFollowed() throws {
        let (folder, store) = (try ScratchFolder(), try ScratchFolder())
        try store.write(png(1), "blobs/aa")
        try store.write(png(2), "felines/b.png")
        try store.write(png(3), "felines/deep/c.png")
        try folder.write(png(4), "set/dogs/d.png")
        try folder.link("set/dogs/a.png", to: store.url.path + "/blobs/aa")
        try folder.link("set/cats", to: store.url.path + "/felines")
        try folder.link("root", to: "set")
        let set = try openDataset(at: folder.url.appending(path: "root"))
        #expect(set.classNames == ["cats", "dogs"] && set.labels == [0, 0, 1, 1])
        #expect(try levels(set) == [2, 3, 1, 4])
        // One folder under two names, neither of which lies in the other, has an end.
        try folder.link("set/kittens", to: "cats")
        #expect(try openDataset(at: folder.url.appending(path: "set")).count == 6)
    }

    @Test func linksWithoutEndAreRefused() throws {
        for (path, target) in [("sub/up", ".."), ("sub/deep/top", "../.."), ("here", ".")] {
            let folder = try ScratchFolder()
            try folder.write(png(1), "a.png")
            try folder.link(path, to: target)
            #expect(
                complaint { _ = try openDataset(at: folder.url) }
                    == "\(folder.url.path)/\(path) cannot be read: it is a link to a folder that it lies in, so that it "
                    + "has no end; check the path and its permissions.")
        }
    }

    @Test func linksToNothingAreNamed() throws {
        let folder = try ScratchFolder()
        try folder.write(png(1), "a.png")
        try folder.link("cats", to: "/no/such/folder")
        let dangling =
            "\(folder.url.path)/cats cannot be read: it is a link to /no/such/folder, which does not exist; "
            + "check the path and its permissions."
        #expect(complaint { _ = try openDataset(at: folder.url) } == dangling)
        #expect(complaint { _ = try openDataset(at: folder.url.appending(path: "cats")) } == dangling)
        let other = try ScratchFolder()
        try other.link("one", to: "two")
        try other.link("two", to: "one")
        #expect(complaint { _ = try openDataset(at: other.url) }.contains("which leads back to itself"))
    }

    /// A pipe would be waited for without end.
    @Test func whatIsNoFileIsNamed() throws {
        let folder = try ScratchFolder()
        try folder.write(png(1), "a.png")
        #expect(mkfifo(folder.url.path + "/pipe.png", 0o600) == 0)
        #expect(
            complaint { _ = try openDataset(at: folder.url) }.contains(
                "pipe.png cannot be read: it is neither a file nor a folder"))
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

    @Test func pointersOfGitLFSAndWebPagesAreTold() throws {
        let pointer = Array("version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 12\n".utf8)
        let folder = try ScratchFolder()
        try folder.write(pointer, "set/a.png")
        try folder.write(pointer, "set.zip")
        try folder.write(pointer, "idx/train-images-idx3-ubyte")
        try folder.write(pointer, "cifar/data_batch_1.bin")
        for (path, file) in [
            ("set", "set/a.png"), ("set.zip", "set.zip"), ("idx", "idx/train-images-idx3-ubyte"),
            ("cifar/data_batch_1.bin", "cifar/data_batch_1.bin"),
        ] {
            #expect(
                complaint { _ = try openDataset(at: folder.url.appending(path: path)) }
                    == "\(folder.url.path)/\(file) cannot be used: it is a pointer of Git LFS in the place of the file: run "
                    + "`git lfs pull` where it was cloned.")
        }
        let archive = folder.url.appending(path: "images.zip")
        try writeZip(to: archive, names: ["a.png", "b.png"]) { Data($0 == 0 ? try self.png(1) : pointer) }
        #expect(
            complaint { _ = try openDataset(at: archive) }.hasPrefix(
                "\(archive.path): b.png cannot be used: it is a pointer of Git LFS"))
        try folder.write(Array("<html>".utf8), "notes/index.html")
        #expect(
            complaint { _ = try openDataset(at: folder.url.appending(path: "notes")) }.contains(
                "index.html is neither a PNG, a JPEG nor a WebP image"))
        let page = try folder.write(Array("\n<!DOCTYPE html><html>".utf8), "page/a.jpg")
        #expect(
            complaint { _ = try openDataset(at: page.deletingLastPathComponent()) }.contains(
                "page/a.jpg cannot be used: it is a web page in the place of the file"))
    }

    @Test(arguments: [
        ([0x80, 4, 0x4E, 0x2E], "a pickle"), ([0x93] + Array("NUMPY".utf8), "an array of NumPy"),
        (Array("PAR1".utf8), "a table in Parquet"),
        ([2, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D], "a safetensors file"),
        ([0xFF, 0xD8, 0xFF, 0xE0], "a JPEG image"),
    ]) func filesOfAnotherKindAreTold(bytes: [UInt8], words: String) throws {
        let folder = try ScratchFolder()
        let file = try folder.write(bytes, "file")
        #expect(
            complaint { _ = try openDataset(at: file) }.hasPrefix(
                "\(file.path) is not an image data set: it is \(words), where a set is needed; give a folder of PNG"
            ))
    }

    @Test func whatIsNoDataSetIsSaid() throws {
        let folder = try ScratchFolder()
        #expect(complaint { _ = try openDataset(at: folder.url) }.contains("holds no PNG, JPEG"))
        let text = try folder.write(Array("hello".utf8), "words")
        #expect(complaint { _ = try openDataset(at: text) }.contains("words is not an image data set"))
        let lost = folder.url.appendingPathComponent("lost")
        #expect(complaint { _ = try openDataset(at: lost) }.contains("lost cannot be read"))
    }
}
