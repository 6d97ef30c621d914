// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import TestSupport
import Testing

@Suite struct ImageFileTests {
    @Test(arguments: [1, 3]) func pngKeepsEveryPixel(channels: Int) throws {
        let image = pattern(width: 37, height: 23, channels: channels)
        #expect(try Image(decoding: image.pngData()) == image)
    }

    @Test(arguments: [1, 3]) func jpegKeepsASmoothImageClosely(channels: Int) throws {
        let ramp = (0..<40 * 24 * channels).map { UInt8($0 / channels % 40 * 6) }
        let image = Image(width: 40, height: 24, channels: channels, pixels: ramp)
        let again = try Image(decoding: image.jpegData(quality: 95))
        #expect(again.width == 40 && again.height == 24 && again.channels == channels)
        let largest = zip(again.pixels, image.pixels).map { abs(Int($0) - Int($1)) }.max()
        #expect((largest ?? 255) <= 6)
    }

    @Test func jpegKeepsColourEdgesSharp() throws {
        let stripes = (0..<16 * 16).flatMap { $0 % 2 == 0 ? [200, 40, 40] : [40, 40, 200] as [UInt8] }
        let image = Image(width: 16, height: 16, channels: 3, pixels: stripes)
        let again = try Image(decoding: image.jpegData(quality: 100))
        let largest = zip(again.pixels, image.pixels).map { abs(Int($0) - Int($1)) }.max()
        #expect((largest ?? 255) <= 8)
    }

    @Test func pngOfTwoBitGrayIsSpreadOverTheRange() throws {
        let file = HandMade.png(width: 4, height: 1, depth: 2, colour: 0, rows: [[0b00_01_10_11]])
        #expect(
            try Image(decoding: Data(file))
                == Image(width: 4, height: 1, channels: 1, pixels: [0, 85, 170, 255]))
    }

    @Test func pngPaletteBecomesRGB() throws {
        let palette: [UInt8] = [1, 2, 3, 40, 50, 60, 255, 0, 128]
        let file = HandMade.png(
            width: 3, height: 1, depth: 8, colour: 3, extra: [("PLTE", palette)], rows: [[2, 0, 1]])
        #expect(try Image(decoding: Data(file)).pixels == [255, 0, 128, 1, 2, 3, 40, 50, 60])
    }

    @Test func pngOfSixteenBitsIsRoundedToEight() throws {
        // 0x00FF / 257 = 0.99 and 0x80FF / 257 = 128.49.
        let samples: [UInt8] = [0x00, 0x00, 0x00, 0xFF, 0x80, 0xFF, 0xFF, 0xFF]
        let file = HandMade.png(width: 4, height: 1, depth: 16, colour: 0, rows: [samples])
        #expect(try Image(decoding: Data(file)).pixels == [0, 1, 128, 255])
    }

    @Test func pngAlphaIsCompositedOnWhite() throws {
        let rgba: [UInt8] = [10, 20, 30, 255, 10, 20, 30, 0, 0, 100, 200, 51]
        let file = HandMade.png(width: 3, height: 1, depth: 8, colour: 6, rows: [rgba])
        // At alpha 51 / 255 = 1 / 5: 0.2 c + 0.8 * 255.
        #expect(try Image(decoding: Data(file)).pixels == [10, 20, 30, 255, 255, 255, 204, 224, 244])

        let gray = HandMade.png(width: 2, height: 1, depth: 8, colour: 4, rows: [[50, 255, 50, 0]])
        #expect(
            try Image(decoding: Data(gray)) == Image(width: 2, height: 1, channels: 1, pixels: [50, 255]))
    }

    @Test func pngTransparentColourBecomesWhite() throws {
        let file = HandMade.png(
            width: 2, height: 1, depth: 8, colour: 0, extra: [("tRNS", [0, 7])], rows: [[7, 9]])
        #expect(try Image(decoding: Data(file)).pixels == [255, 9])
    }

    @Test func interlacedPNGIsPutInOrder() throws {
        // Adam7 of 3 x 3: the passes hold (0,0); none; none; (0,2) (2,2); (2,0); (1,0) (1,2); row 1.
        let passes: [[UInt8]] = [[0], [2], [6, 8], [1], [7], [3, 4, 5]]
        let file = HandMade.png(width: 3, height: 3, depth: 8, colour: 0, interlaced: true, rows: passes)
        #expect(try Image(decoding: Data(file)).pixels == [0, 1, 2, 3, 4, 5, 6, 7, 8])
    }

    @Test func textSurvivesInPNG() throws {
        let text = [
            ("Software", "swift-dmd"), ("seed", "42"), ("note", "\u{3C3} = 80 \u{2192} one step"),
            ("empty", ""),
        ]
        let data = try pattern(width: 4, height: 4, channels: 3).pngData(text: text)
        let again = try Image.text(decoding: data)
        #expect(again.map(\.key) == text.map(\.0))
        #expect(again.map(\.value) == text.map(\.1))
    }

    @Test func latin1TextIsReadAsUnicode() throws {
        let chunk = Array("Author".utf8) + [0, 0x52, 0xE9, 0x6D, 0x69]
        let file = HandMade.png(
            width: 1, height: 1, depth: 8, colour: 0, extra: [("tEXt", chunk)], rows: [[0]])
        #expect(try Image.text(decoding: Data(file)).first?.value == "R\u{E9}mi")
    }

    @Test func imagesWithoutTextHaveNone() throws {
        let image = pattern(width: 4, height: 4, channels: 3)
        #expect(try Image.text(decoding: image.pngData()).isEmpty)
        #expect(try Image.text(decoding: image.jpegData()).isEmpty)
    }

    @Test func everyTruncationIsAnErrorThatNamesTheFile() throws {
        let image = pattern(width: 16, height: 16, channels: 3)
        for whole in [try image.pngData(), try image.jpegData()] {
            for count in 0..<whole.count - 2 {
                #expect(
                    complaint { _ = try Image(decoding: whole.prefix(count), named: "a.img") }.contains(
                        "a.img"),
                    "\(count) of \(whole.count) bytes")
            }
        }
    }

    @Test func everyFlippedByteOfPNGDataIsNoticed() throws {
        let image = pattern(width: 8, height: 8, channels: 1)
        let whole = try image.pngData()
        for index in whole.indices {
            var bad = whole
            bad[index] ^= 0xFF
            #expect(
                complaint { _ = try Image(decoding: bad, named: "b.png") }.contains("b.png"), "byte \(index)")
        }
    }

    @Test func damagedJPEGNeverStopsTheProgram() throws {
        let whole = try pattern(width: 16, height: 16, channels: 3).jpegData()
        var refused = 0
        for index in whole.indices {
            var bad = whole
            bad[index] ^= 0xFF
            if !complaint({ _ = try Image(decoding: bad) }).isEmpty { refused += 1 }
        }
        #expect(refused > 100)
    }

    /// Pillow may use another version of libjpeg, whose inverse transform may round otherwise.
    @Test(arguments: ["cmyk", "ycck", "plain"]) func jpegOfFourColoursBecomesRGBAsInPillow(name: String)
        throws
    {
        let image = try Image(contentsOf: fixture("images/\(name).jpg"))
        #expect(image.width == 8 && image.height == 8 && image.channels == 3)
        let expected = Array(try Data(contentsOf: fixture("images/\(name).rgb")))
        let largest = zip(image.pixels, expected).map { abs(Int($0) - Int($1)) }.max()
        #expect(image.pixels.count == expected.count && (largest ?? 255) <= 1)
    }

    @Test func damagedJPEGOfFourColoursNeverStopsTheProgram() throws {
        let whole = try Data(contentsOf: fixture("images/ycck.jpg"))
        for count in 0..<whole.count - 2 {
            #expect(!complaint { _ = try Image(decoding: whole.prefix(count)) }.isEmpty, "\(count) bytes")
        }
        for index in whole.indices {
            var bad = whole
            bad[index] ^= 0xFF
            _ = try? Image(decoding: bad)
        }
    }

    @Test func absurdSizesAreRefused() throws {
        for (width, height) in [(65536, 1), (1, 100_000), (65535, 65535), (0, 5), (1 << 30, 1 << 30)] {
            let file = HandMade.png(width: width, height: height, depth: 8, colour: 2, rows: [[0, 0, 0]])
            #expect(complaint { _ = try Image(decoding: Data(file), named: "huge.png") }.contains("huge.png"))
        }
    }

    @Test func morePixelsThanTheFileCanHoldAreRefusedUnread() throws {
        let png = HandMade.png(width: 4_000, height: 4_000, depth: 8, colour: 2, rows: [[0, 0, 0]])
        var jpeg = [UInt8](try pattern(width: 16, height: 16, channels: 3).jpegData())
        let frame = try #require(jpeg.indices.first { jpeg[$0] == 0xFF && jpeg[$0 + 1] == 0xC0 })
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0x0F, 0xA0, 0x0F, 0xA0])
        for file in [png, jpeg] {
            #expect(
                complaint { _ = try Image(decoding: Data(file), named: "thin.img") }.contains(
                    "its header states more pixels than its \(file.count) bytes can hold"))
        }
    }

    /// libpng would allocate what the length says before it read any of it.
    @Test func chunkLargerThanTheFileIsRefusedUnread() async {
        await #expect(processExitsWith: .success) {
            var png = HandMade.png(
                width: 1, height: 1, depth: 8, colour: 0, extra: [("tEXt", Array("key\0text".utf8))],
                rows: [[0]])
            let text = try #require(png.indices.first { png[$0...].starts(with: Array("tEXt".utf8)) })
            png[text - 4] = 0x6E
            let before = largestMemory()
            #expect(complaint { _ = try Image(decoding: Data(png), named: "a.png") }.contains("a.png"))
            #expect(largestMemory() - before < 64 << 10)
        }
    }

    @Test func otherFormatsAreNamed() throws {
        let folder = try ScratchFolder()
        let file = try folder.write(Array("GIF89a".utf8), "cat.gif")
        #expect(throws: ImageError.otherFormat(file: file.path, format: "GIF")) {
            try Image(contentsOf: file)
        }
        #expect(
            complaint { _ = try Image(contentsOf: file) }
                == "\(file.path) is an image in GIF, which is not read: make a PNG file of it, as ImageMagick's "
                + "`mogrify -format png \(file.path)` does, and take it out.")
        let text = try folder.write(Array("hello".utf8), "cat.png")
        #expect(throws: ImageError.notAnImage(file: text.path)) { try Image(contentsOf: text) }
        let missing = folder.url.appendingPathComponent("missing.png")
        #expect(complaint { _ = try Image(contentsOf: missing) }.contains("missing.png"))
    }

    @Test func filesAreToldApartByContentNotName() throws {
        let folder = try ScratchFolder()
        let image = pattern(width: 5, height: 4, channels: 3)
        let file = try folder.write(Array(try image.pngData()), "really-a-png.jpg")
        #expect(try Image(contentsOf: file) == image)
    }

    @Test func writingReplacesTheFileAndLeavesNothingBeside() throws {
        let folder = try ScratchFolder()
        let first = pattern(width: 5, height: 4, channels: 3)
        let second = pattern(width: 9, height: 2, channels: 1)
        let file = folder.url.appendingPathComponent("out.png")
        try first.write(to: file)
        try second.write(to: file, text: [("seed", "1")])
        #expect(try Image(contentsOf: file) == second)
        #expect(try Image.text(decoding: Data(contentsOf: file)).first?.value == "1")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["out.png"])
        let jpeg = folder.url.appendingPathComponent("out.JPG")
        try first.write(to: jpeg)
        #expect(try Data(contentsOf: jpeg).starts(with: [0xFF, 0xD8]))
    }

    @Test func whatCannotBeWrittenIsSaid() throws {
        let folder = try ScratchFolder()
        let image = pattern(width: 2, height: 2, channels: 1)
        #expect(
            complaint { try image.write(to: folder.url.appendingPathComponent("a.webp")) }.contains("a.webp"))
        let beneath = folder.url.appendingPathComponent("file/a.png")
        try Data().write(to: folder.url.appendingPathComponent("file"))
        #expect(complaint { try image.write(to: beneath) }.contains("file"))
        try image.write(to: folder.url.appendingPathComponent("new/folder/a.png"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/new/folder") == ["a.png"])
        // A folder in the file's place makes the last step fail, after the bytes were written beside.
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent("b.png/c"), withIntermediateDirectories: true)
        #expect(
            complaint { try image.write(to: folder.url.appendingPathComponent("b.png")) }.contains(
                "b.png is a folder"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == [
                "b.png", "file", "new",
            ])
    }
}

/// The largest resident memory of this process so far, in kilobytes on Linux.
private func largestMemory() -> Int {
    var usage = rusage()
    getrusage(0, &usage)
    return usage.ru_maxrss
}
