// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Images
import TestSupport
import Testing
import Torch
import Weights

@Suite struct ImageGeometryTests {
    /// Rows of `pattern` images after `PIL.Image.fromarray(a).resize((w, h), PIL.Image.LANCZOS)`, Pillow
    /// 12.0.0.
    static let references: [(source: Image, width: Int, height: Int, pixels: [UInt8])] = [
        (
            pattern(width: 8, height: 6, channels: 1), 5, 4,
            [
                38, 119, 120, 124, 65, 181, 145, 150, 141, 92, 62, 142, 102, 114, 173, 148, 172, 181, 149,
                144,
            ]
        ),
        (
            pattern(width: 8, height: 6, channels: 1), 11, 3,
            [
                52, 93, 145, 136, 95, 125, 174, 147, 85, 62, 80,
                131, 113, 143, 178, 94, 91, 166, 176, 50, 97, 223,
                170, 98, 82, 187, 237, 145, 78, 154, 175, 157, 143,
            ]
        ),
        (
            pattern(width: 6, height: 6, channels: 3), 4, 4,
            [
                33, 44, 67, 119, 130, 140, 114, 125, 136, 136, 147, 158,
                177, 188, 93, 159, 170, 192, 123, 134, 139, 194, 205, 216,
                60, 71, 63, 139, 150, 165, 104, 115, 136, 128, 139, 148,
                153, 164, 185, 157, 168, 160, 203, 214, 118, 125, 136, 159,
            ]
        ),
    ]

    @Test(arguments: references.indices) func resizingIsPillows(index: Int) {
        let reference = Self.references[index]
        #expect(
            reference.source.resized(width: reference.width, height: reference.height).pixels
                == reference.pixels)
    }

    @Test(arguments: [
        "shrink", "halve", "shrink_much", "enlarge", "widen_and_flatten", "one_pixel", "extremes",
    ]) func resizingIsPillowsBitForBit(name: String) throws {
        let file = try SafetensorsFile(fixture("lanczos.safetensors"))
        func image(_ part: String) throws -> Image {
            let levels = try file.tensor("\(name).\(part)")
            return Image(
                width: levels.shape[1], height: levels.shape[0], channels: levels.shape[2],
                pixels: levels.array(as: UInt8.self))
        }
        let expected = try image("y")
        #expect(try image("x").resized(width: expected.width, height: expected.height) == expected)
    }

    @Test(arguments: [(5, 9), (31, 17), (64, 64), (1, 1)]) func aConstantStaysConstant(
        width: Int, height: Int
    ) {
        let image = Image(width: 17, height: 17, channels: 3, level: 201)
        #expect(
            image.resized(width: width, height: height)
                == Image(width: width, height: height, channels: 3, level: 201))
    }

    @Test(arguments: [16, 24, 128]) func aRampStaysARampInside(width: Int) {
        let image = Image(width: 64, height: 1, channels: 1, pixels: (0..<64).map { UInt8($0 * 4) })
        let resized = image.resized(width: width, height: 1)
        let scale = 64 / Double(width)
        // Within three lobes of an edge the kernel is cut off.
        let margin = Int((3 * max(scale, 1) / scale).rounded(.up))
        for x in margin..<width - margin {
            let expected = ((Double(x) + 0.5) * scale - 0.5) * 4
            #expect(abs(Double(resized.pixels[x]) - expected) <= 1.5, "x = \(x)")
        }
    }

    @Test func fineStripesDoNotAliasWhenShrunk() {
        let stripes = Image(width: 64, height: 1, channels: 1, pixels: (0..<64).map { $0 % 2 == 0 ? 0 : 255 })
        let inside = stripes.resized(width: 20, height: 1).pixels[3..<17]
        #expect(inside.allSatisfy { abs(Int($0) - 127) <= 3 })
    }

    @Test func theSameSizeChangesNothing() {
        let image = pattern(width: 7, height: 5, channels: 3)
        #expect(image.resized(width: 7, height: 5) == image)
    }

    @Test func theCentreSquareIsCut() {
        let wide = Image(width: 5, height: 2, channels: 1, pixels: Array(0..<10))
        #expect(wide.centerCropped().pixels == [1, 2, 6, 7])
        let tall = Image(width: 1, height: 3, channels: 3, pixels: Array(0..<9))
        #expect(tall.centerCropped().pixels == [3, 4, 5])
    }

    @Test func enlargingRepeatsPixels() {
        let image = Image(width: 2, height: 1, channels: 3, pixels: [1, 2, 3, 4, 5, 6])
        let row: [UInt8] = [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]
        #expect(image.enlarged(by: 2) == Image(width: 4, height: 2, channels: 3, pixels: row + row))
    }

    @Test func grayAndRGBConvert() {
        let colours = Image(
            width: 4, height: 1, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9])
        #expect(colours.gray.pixels == [76, 150, 29, 9])
        let gray = pattern(width: 6, height: 3, channels: 1)
        #expect(gray.rgb.gray == gray)
        #expect(gray.rgb.pixels.prefix(3).allSatisfy { $0 == gray.pixels[0] })
    }
}
