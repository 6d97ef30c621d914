// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import Images
import Testing
import Torch

@Suite struct ShardDatasetTests {
    private func png(_ level: UInt8, side: Int = 4, channels: Int = 3) throws -> [UInt8] {
        Array(try Image(width: side, height: side, channels: channels, level: level).pngData())
    }

    private func text(_ text: String) -> [UInt8] { Array(text.utf8) }

    private func levels(_ set: any ImageDataset) throws -> [UInt8] {
        let batch = try set.images(at: Array(0..<set.count))
        return Image.images(from: batch).map { $0.pixels[0] }
    }

    @Test func samplesOfAllShardsComeInTheirOrder() throws {
        let folder = try ScratchFolder()
        let first = [
            ("b.txt", text("a caption")), ("b.PNG", try png(1)), ("b.cls", text("2\n")),
            ("a.json", text("{}")), ("dir.v1/a.png", try png(2, channels: 1)), ("dir.v1/a.cls", text("0")),
            ("orphan.txt", text("no image")),
        ]
        _ = try folder.write(HandMade.tar(first), "s/000.tar")
        _ = try folder.write(
            HandMade.tar([("c.seg.png", try png(9)), ("c.png", try png(3)), ("c.cls", text("1"))]),
            "s/001.tar")
        let pattern = folder.url.appending(path: "s/{000..001}.tar")
        for place in [pattern, folder.url.appending(path: "s")] {
            let set = try openDataset(at: place)
            #expect(set is ShardDataset)
            #expect(set.count == 3)
            #expect(set.imageShape == [3, 4, 4])
            #expect(set.labels == [2, 0, 1])
            #expect(set.classCount == 3)
            #expect(try levels(set) == [1, 2, 3])
            #expect(try Image.images(from: set.images(at: [2, 0])).map { $0.pixels[0] } == [3, 1])
        }
        let one = try openDataset(at: folder.url.appending(path: "s/001.tar"), size: 8)
        #expect(one.count == 1 && one.imageShape == [3, 8, 8])
    }

    @Test func captionsMayBeAbsentButNotForSomeWhereTheyAreAskedFor() throws {
        let folder = try ScratchFolder()
        let all = try folder.write(
            HandMade.tar([
                ("a.png", try png(1)), ("a.txt", text(" a red\n dog ")), ("b.txt", text("")),
                ("b.png", try png(2)),
            ]), "all.tar")
        #expect(try openDataset(at: all).captions() == ["a red dog", ""])
        let bare = try folder.write(HandMade.tar([("a.png", try png(1))]), "bare.tar")
        #expect(try openDataset(at: bare).captions() == nil)
        let some = try folder.write(
            HandMade.tar([("a.png", try png(1)), ("a.txt", text("a")), ("b.png", try png(2))]), "some.tar")
        let set = try openDataset(at: some)
        #expect(set.count == 2)
        #expect(complaint { _ = try set.captions() }.contains("b.png do not fit its images: it has no .txt"))
    }

    @Test func labelsMayBeAbsentButNotForSome() throws {
        let folder = try ScratchFolder()
        let bare = try folder.write(HandMade.tar([("a.png", try png(1)), ("b.png", try png(2))]), "bare.tar")
        #expect(try openDataset(at: bare).labels == nil)
        for (name, members, sentence) in [
            (
                "some", [("a.png", try png(1)), ("a.cls", text("1")), ("b.png", try png(2))],
                "The labels in FILE: b.png do not fit its images: it has no .cls, which others have."
            ),
            (
                "word", [("a.png", try png(1)), ("a.cls", text("cat"))],
                "The labels in FILE: a.png do not fit its images: its .cls is 'cat' instead of a whole number up to 65535."
            ),
            (
                "bad", [("a.png", text("no image"))],
                "FILE: a.png is neither a PNG, a JPEG nor a WebP image; convert it, take it out, or hide it with a leading dot."
            ),
        ] {
            let file = try folder.write(HandMade.tar(members), "\(name).tar")
            #expect(
                complaint { _ = try openDataset(at: file) }
                    == sentence.replacingOccurrences(of: "FILE", with: file.path))
        }
    }

    @Test func missingAndDamagedShardsAreNamed() throws {
        let folder = try ScratchFolder()
        let whole = try HandMade.tar([("a.png", png(1)), ("b.png", png(2))])
        _ = try folder.write(whole, "0.tar")
        let missing = complaint { _ = try openDataset(at: folder.url.appending(path: "{0..1}.tar")) }
        #expect(missing.hasPrefix("\(folder.url.appending(path: "1.tar").path) cannot be read"))
        _ = try folder.write(Array(whole.prefix(900)), "1.tar")
        let damaged = complaint { _ = try openDataset(at: folder.url.appending(path: "{0..1}.tar")) }
        #expect(damaged.hasPrefix("\(folder.url.appending(path: "1.tar").path) is damaged"))
        _ = try folder.write(HandMade.tar([("a.txt", text("a caption"))]), "3.tar")
        let empty = complaint { _ = try openDataset(at: folder.url.appending(path: "{3,3}.tar")) }
        #expect(empty.hasSuffix("it holds no sample with a file in .png, .jpg, .jpeg or .webp."))
        _ = try folder.write(text("PK"), "2.tar")
        let other = complaint { _ = try openDataset(at: folder.url.appending(path: "{0,2}.tar")) }
        #expect(
            other.contains("2.tar is not an image data set: it is something else instead of a tar archive"))
    }

    @Test(arguments: [
        ("a.tar", ["a.tar"]), ("x/{8..10}.tar", ["x/8.tar", "x/9.tar", "x/10.tar"]),
        ("{008..010}", ["008", "009", "010"]), ("{2..0}", ["2", "1", "0"]),
        ("{a,b}{0..1}", ["a0", "a1", "b0", "b1"]),
        ("{a", ["{a"]), ("{}", ["{}"]), ("{1..x}", ["{1..x}"]), ("{0..9999999}", ["{0..9999999}"]),
        ("{0..99999}{0..99999}", ["{0..99999}{0..99999}"]),
    ])
    func patternsAreWrittenOutAsAShellDoes(pattern: String, paths: [String]) {
        #expect(expandingBraces(pattern) == paths)
    }
}
