// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Images
import Testing
import Torch

@Suite struct ImageTensorTests {
    @Test func floatsMapToLevels() {
        let values: [Float] = [-1, 1, 0, -3, 3, .nan, -.infinity, 127 / 127.5 - 1]
        let image = Image(tensor: Tensor(values, shape: [1, 2, 4]))
        #expect(image == Image(width: 4, height: 2, channels: 1, pixels: [0, 255, 128, 0, 255, 0, 0, 127]))
    }

    @Test func everyLevelSurvivesScaling() {
        let scaled = (0...255).map { Float($0) / 127.5 - 1 }
        #expect(Image(tensor: Tensor(scaled, shape: [1, 16, 16])).pixels == Array(0...255))
    }

    @Test func planesInterleave() {
        let image = Image(tensor: Tensor((0..<12).map { UInt8($0) }, shape: [3, 2, 2]))
        #expect(image.pixels == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11])
    }

    @Test(arguments: [1, 3]) func aBatchComesBack(channels: Int) {
        let images = [
            pattern(width: 5, height: 3, channels: channels),
            Image(width: 5, height: 3, channels: channels, level: 8),
        ]
        let batch = Image.tensor(of: images)
        #expect(batch.shape == [2, channels, 3, 5])
        #expect(batch.dtype == .uint8)
        #expect(Image.images(from: batch) == images)
    }
}
