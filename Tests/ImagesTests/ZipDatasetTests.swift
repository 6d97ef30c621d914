// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import Testing
import Torch

@Suite struct ZipDatasetTests {
    private func png(_ level: UInt8, side: Int = 4, channels: Int = 3) throws -> [UInt8] {
        Array(try Image(width: side, height: side, channels: channels, level: level).pngData())
    }

    private func levels(_ set: any ImageDataset) throws -> [UInt8] {
        let batch = try set.images(at: Array(0..<set.count))
        return Image.images(from: batch).map { $0.pixels[0] }
    }

    /// Two images, out of order, and their labels.
    private func members(
        labels: String = #"{"labels": [["00000/img00000001.png", 6], ["00000/img00000000.png", 2]]}"#
    ) throws -> [(name: String, data: [UInt8])] {
        [
            ("00000/img00000001.png", try png(11)), ("dataset.json", Array(labels.utf8)),
            ("00000/img00000000.png", try png(10)),
        ]
    }

    /// What is said of an archive once it is opened and read.
    private func complaintAbout(_ archive: [UInt8]) throws -> String {
        let folder = try ScratchFolder()
        let file = try folder.write(archive, "set.zip")
        return complaint {
            let set = try ZipDataset(at: file)
            _ = try set.images(at: Array(0..<set.count))
        }
    }

    @Test(arguments: [false, true]) func imagesComeInTheOrderOfTheirNames(deflated: Bool) throws {
        let folder = try ScratchFolder()
        let file = try folder.write(HandMade.zip(members(), deflated: deflated), "set.zip")
        let set = try openDataset(at: file)
        #expect(set.count == 2)
        #expect(set.imageShape == [3, 4, 4])
        #expect(set.labels == [2, 6])
        #expect(set.classCount == 7)
        #expect(try levels(set) == [10, 11])
        #expect(try openDataset(at: file, size: 6).images(at: [1]).shape == [1, 3, 6, 6])
    }

    @Test func nullOrNoLabelsMeanNoClasses() throws {
        let folder = try ScratchFolder()
        let null = try folder.write(HandMade.zip(members(labels: #"{"labels": null}"#)), "null.zip")
        #expect(try ZipDataset(at: null).labels == nil)
        let bare = try folder.write(HandMade.zip([("a.png", png(1)), (".DS_Store", [0])]), "bare.zip")
        let set = try ZipDataset(at: bare)
        #expect(set.labels == nil && set.classCount == 0 && set.count == 1)
    }

    @Test(arguments: [
        #"{"labels": [["00000/img00000000.png", 2]]}"#, #"{"labels": [["00000/img00000000.png", [0.5, 1]]]}"#,
        #"{"labels": [["00000/img00000000.png", -1], ["00000/img00000001.png", 1]]}"#, "{", "",
    ]) func badLabelsAreNamed(labels: String) throws {
        let message = try complaintAbout(HandMade.zip(members(labels: labels)))
        #expect(message.contains("set.zip: dataset.json"))
    }

    @Test(arguments: ["../a.png", "/etc/a.png", "x/../../a.png", "..\\a.png", "\\a.png"])
    func namesThatLeadOutAreRefused(name: String) throws {
        let message = try complaintAbout(HandMade.zip([("00.png", png(1)), (name, png(2))]))
        #expect(message.contains("set.zip is damaged") && message.contains(name))
    }

    @Test func absurdSizesAreRefused() throws {
        let message = try complaintAbout(HandMade.zip([("a.png", png(1))], statedSize: 0xFFFF_FFF0))
        #expect(message.contains("a.png") && message.contains("4294967280"))
    }

    @Test func aWrongSizeOrCheckSumIsNamed() throws {
        let image = try png(1)
        let long = try complaintAbout(
            HandMade.zip([("a.png", image)], deflated: true, statedSize: image.count + 1))
        #expect(long.contains("set.zip: a.png") && long.contains("check sum"))
        var archive = HandMade.zip([("a.png", image)])
        archive[30 + 5 + image.count - 1] ^= 1
        let changed = try complaintAbout(archive)
        #expect(changed.contains("set.zip: a.png") && changed.contains("check sum"))
    }

    @Test func everyTruncationIsAnErrorThatNamesTheFile() throws {
        let whole = try HandMade.zip(members())
        for count in 0..<whole.count {
            let message = try complaintAbout(Array(whole.prefix(count)))
            #expect(message.contains("set.zip"), "\(count) of \(whole.count) bytes")
        }
    }

    @Test func strayFilesAndOddImagesAreNamed() throws {
        let stray = try complaintAbout(HandMade.zip([("a.png", png(1)), ("readme.txt", [65])]))
        #expect(stray.contains("set.zip: readme.txt"))
        let small = try complaintAbout(HandMade.zip([("a.png", png(1)), ("b.png", png(2, side: 3))]))
        #expect(small.contains("set.zip: b.png is 3 x 3 RGB where 4 x 4 RGB"))
        #expect(try complaintAbout(HandMade.zip([("dataset.json", [])])).contains("holds no images"))
    }

    @Test func allStrayFilesAreNamedAtOnce() throws {
        let said = try complaintAbout(
            HandMade.zip([("a.png", png(1))] + (1...7).map { ("x/\($0).txt", [65]) }))
        #expect(
            said.hasSuffix(
                "set.zip holds 7 files that are neither PNG, JPEG nor WebP images, such as x/1.txt, x/2.txt, x/3.txt, "
                    + "x/4.txt, x/5.txt; convert them, take them out, or hide them with a leading dot."))
    }

    @Test(arguments: [0, 1]) func grayJoinsColourWhicheverComesFirst(gray: Int) throws {
        let folder = try ScratchFolder()
        let members = try (0...1).map { index in
            (name: "\(index).png", data: try png(UInt8(index), channels: index == gray ? 1 : 3))
        }
        let set = try ZipDataset(at: folder.write(HandMade.zip(members), "set.zip"))
        #expect(set.imageShape == [3, 4, 4])
        #expect(try levels(set) == [0, 1])
        #expect(try ZipDataset(at: folder.url.appending(path: "set.zip"), size: 2).imageShape == [3, 2, 2])
    }

    @Test func headersBehindLongSegmentsAreFound() throws {
        let folder = try ScratchFolder()
        var image = Array(try Image(width: 4, height: 4, channels: 3, level: 90).jpegData())
        image.insert(contentsOf: [0xFF, 0xED, 0x20, 0x02] + [UInt8](repeating: 0, count: 0x2000), at: 2)
        let zip = try folder.write(HandMade.zip([("a.jpg", image)], deflated: true), "set.zip")
        #expect(try ZipDataset(at: zip).imageShape == [3, 4, 4])
    }

    @Test func backslashesPartFolders() throws {
        let folder = try ScratchFolder()
        let labels = #"{"labels": [["00000/a.png", 3], ["00000/b.png", 1]]}"#
        let zip = try folder.write(
            HandMade.zip([
                (#"00000\"#, []), (#"00000\b.png"#, png(2)), (#"00000\a.png"#, png(1)),
                (#"__MACOSX\00000\a.png"#, [0]), ("dataset.json", Array(labels.utf8)),
            ]), "set.zip")
        let set = try openDataset(at: zip)
        #expect(set.labels == [3, 1])
        #expect(try levels(set) == [1, 2])
        let twice = try complaintAbout(HandMade.zip([(#"x\a.png"#, png(1)), ("x/a.png", png(2))]))
        #expect(twice.contains("'x/a.png' comes twice"))
    }

    @Test func linksToArchivesAreFollowed() throws {
        let folder = try ScratchFolder()
        try folder.write(HandMade.zip(members()), "blobs/0123456789abcdef")
        try folder.link("set.zip", to: "blobs/0123456789abcdef")
        try folder.link("again.zip", to: "set.zip")
        let set = try openDataset(at: folder.url.appending(path: "again.zip"))
        #expect(try levels(set) == [10, 11])
    }

    @Test func manyThreadsMayReadAtOnce() async throws {
        let folder = try ScratchFolder()
        let many = try (0..<64).map { (name: "\(100 + $0).png", data: try png(UInt8($0))) }
        let set = try ZipDataset(at: folder.write(HandMade.zip(many), "set.zip"))
        let found = try await withThrowingTaskGroup(of: (Int, UInt8).self) { group in
            for index in 0..<64 {
                group.addTask { (index, try set.images(at: [index]).array(as: UInt8.self)[0]) }
            }
            return try await group.reduce(into: [Int: UInt8]()) { $0[$1.0] = $1.1 }
        }
        #expect((0..<64).allSatisfy { found[$0] == UInt8($0) })
    }
}
