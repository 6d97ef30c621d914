// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Images
import Testing

@Suite struct GridTests {
    private func dot(_ level: UInt8) -> Image { Image(width: 1, height: 1, channels: 1, level: level) }

    @Test func cellsAreLaidOutRowByRow() {
        let sheet = Grid(columns: 2, padding: 1, background: 9).compose([dot(1), dot(2), dot(3)])
        #expect(sheet.width == 5 && sheet.height == 5 && sheet.channels == 1)
        #expect(
            sheet.pixels == [
                9, 9, 9, 9, 9,
                9, 1, 9, 2, 9,
                9, 9, 9, 9, 9,
                9, 3, 9, 9, 9,
                9, 9, 9, 9, 9,
            ])
    }

    @Test func withoutPaddingImagesTouch() {
        let sheet = Grid(columns: 2, padding: 0, scale: 2).compose([dot(1), dot(2)])
        #expect(sheet.width == 4 && sheet.height == 2)
        #expect(sheet.pixels == [1, 1, 2, 2, 1, 1, 2, 2])
    }

    @Test func oneColourImageMakesTheSheetRGB() {
        let red = Image(width: 1, height: 1, channels: 3, pixels: [255, 0, 0])
        #expect(Grid(columns: 2, padding: 0).compose([dot(5), red]).pixels == [5, 5, 5, 255, 0, 0])
    }

    @Test func smallerImagesLieInTheMiddle() {
        let large = Image(width: 3, height: 3, channels: 1, level: 7)
        let sheet = Grid(columns: 2, padding: 0, background: 0).compose([large, dot(1)])
        #expect(sheet.pixels == [7, 7, 7, 0, 0, 0, 7, 7, 7, 0, 1, 0, 7, 7, 7, 0, 0, 0])
    }

    @Test func aColumnLabelIsDrawnAboveItsColumn() {
        let image = Image(width: 10, height: 10, channels: 1, level: 128)
        let sheet = Grid(columns: 1, padding: 1, columnLabels: ["T"]).compose([image])
        #expect(sheet.width == 12 && sheet.height == 1 + 8 + 1 + 10 + 1)
        let ink = sheet.pixels.indices.filter { sheet.pixels[$0] == 0 }.map { ($0 % 12, $0 / 12) }
        // A cell of 10 has the letter's 6 columns from 2 on: the bar lies in row 1, the stem in column 3 + 2.
        let bar = (3...7).map { ($0, 1) }
        let stem = (2...7).map { (5, $0) }
        #expect(ink.elementsEqual(bar + stem, by: ==))
    }

    @Test func labelsWidenWhatTheyDoNotFitInto() {
        let names = ["teacher", "generator"]
        let sheet = Grid(columns: 2, padding: 2, rowLabels: ["a row"], columnLabels: names).compose([
            dot(1), dot(2),
        ])
        let cell = 9 * 6
        #expect(sheet.width == 2 + 5 * 6 + 2 + 2 * (cell + 2))
        #expect(sheet.height == 2 + 8 + 2 + 8 + 2)
    }

    @Test func lettersAreDoubledBesideBigCells() {
        let image = Image(width: 64, height: 64, channels: 1, level: 128)
        let sheet = Grid(columns: 1, padding: 0, background: 0, columnLabels: ["-"]).compose([image])
        #expect(sheet.pixels.filter { $0 == 255 }.count == 5 * 4)
    }

    @Test func everyPrintableCharacterHasItsOwnShape() {
        let cell = Image(width: 6, height: 1, channels: 1, level: 128)
        let shapes = (UInt8(32)...126).map { code in
            let label = String(UnicodeScalar(code))
            return Grid(columns: 1, padding: 0, columnLabels: [label]).compose([cell]).pixels
        }
        #expect(Set(shapes).count == 95)
    }

    @Test func otherCharactersBecomeQuestionMarks() {
        let cell = Image(width: 6, height: 1, channels: 1, level: 128)
        func sheet(_ label: String) -> Image { Grid(columns: 1, columnLabels: [label]).compose([cell]) }
        #expect(sheet("\u{3C3}") == sheet("?"))
    }
}
