// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Images
import TestSupport
import Testing
import Torch

@Suite("WebP images") struct WebPTests {
    @Test(
        "are decoded as Pillow does",
        arguments: [
            "lossless", "lossy", "gray", "alpha", "alpha-lossy", "palette", "moving", "moving-alpha",
        ])
    func parity(name: String) throws {
        let image = try Image(contentsOf: fixture("images/\(name).webp"))
        #expect(image.width == 21 && image.height == 14 && image.channels == 3)
        #expect(image.pixels == Array(try Data(contentsOf: fixture("images/\(name).webp.rgb"))))
    }

    @Test(
        "cut off anywhere are refused, and damage never stops the program",
        arguments: [
            "lossless", "lossy", "alpha-lossy", "moving",
        ])
    func damage(name: String) throws {
        let whole = try Data(contentsOf: fixture("images/\(name).webp"))
        for count in 0..<whole.count - 2 {
            let said = complaint { _ = try Image(decoding: whole.prefix(count), named: "a.webp") }
            #expect(said.hasPrefix("a.webp is "), "\(count) bytes")
        }
        for index in whole.indices {
            var bad = whole
            bad[index] ^= 0xFF
            _ = try? Image(decoding: bad)
        }
    }

    @Test("of absurd size are refused unread")
    func size() throws {
        var file = try Data(contentsOf: fixture("images/lossless.webp"))
        // VP8L: after its signature 14 bits of width - 1 and as many of height - 1.
        file.replaceSubrange(21..<25, with: [0xFF, 0xFF, 0xFF, 0x0F])
        let said = complaint { _ = try Image(decoding: file, named: "a.webp") }
        #expect(
            said.contains("its header states more pixels than its \(file.count) bytes can hold"), "\(said)")
    }

    @Test("are turned upright in folders and zips where that is asked for")
    func turned() throws {
        let folder = try ScratchFolder()
        let data = Array(try Data(contentsOf: fixture("images/turned.webp")))
        try folder.write(data, "set/a.webp")
        let zip = try folder.write(HandMade.zip([("a.webp", data)], deflated: true), "set.zip")
        let expected = Array(try Data(contentsOf: fixture("images/turned.webp.rgb")))
        for place in [folder.url.appending(path: "set"), zip] {
            #expect(try openDataset(at: place).imageShape == [3, 14, 21])
            let set = try openDataset(at: place, turnsImages: true)
            #expect(set.imageShape == [3, 21, 14] && set.turnedCount == 1)
            let pixels = try set.images(at: [0]).permuted([0, 2, 3, 1]).contiguous().array(as: Int.self)
            #expect(pixels == expected.map(Int.init))
        }
    }

    @Test(
        "and other formats are told apart",
        arguments: [
            ("BMP", "BM\u{46}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{36}\u{0}\u{0}\u{0}\u{28}\u{0}\u{0}\u{0}"),
            ("GIF", "GIF87a"), ("TIFF", "II*\u{0}\u{8}\u{0}"), ("TIFF", "MM\u{0}*\u{0}"),
            ("AVIF", "\u{0}\u{0}\u{0} ftypavif"), ("HEIC", "\u{0}\u{0}\u{0} ftypheic"),
            ("JPEG 2000", "\u{0}\u{0}\u{0}\u{C}jP  "), ("Photoshop", "8BPS\u{0}"),
        ])
    func others(format: String, start: String) throws {
        let folder = try ScratchFolder()
        let data = start.unicodeScalars.map { UInt8($0.value) }
        try folder.write([UInt8](try Data(contentsOf: fixture("images/lossless.webp"))), "a.webp")
        let first = try folder.write(data, "b.x")
        #expect(throws: ImageError.otherFormat(file: first.path, format: format)) {
            try openDataset(at: folder.url)
        }
        try folder.write(data, "sub/c.Y")
        try folder.write(Array("text".utf8), "notes.txt")
        #expect(
            complaint { _ = try openDataset(at: folder.url) }
                == "\(folder.url.path) holds 3 files that are neither PNG, JPEG nor WebP images, b.x, sub/c.Y, notes.txt; "
                + "some are in \(format): convert those, as ImageMagick's `find \(folder.url.path) '(' -iname '*.x' -o -iname '*.y' ')' "
                + "-exec mogrify -format png {} +` does, and take them out, or hide them with a leading dot.")
    }
}
