// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Images
import Testing
import Torch

@Suite("Images in an .npz archive") struct NumPyDatasetTests {
    private func archive(_ arrays: [String: NumPyArray], in folder: ScratchFolder) throws -> URL {
        let file = folder.url.appending(path: "samples.npz")
        let names = arrays.keys.sorted()
        try writeZip(to: file, names: names.map { "\($0).npy" }) { arrays[names[$0]]?.npy ?? Data() }
        return file
    }

    private static let pixels = Data((0..<24).map { UInt8($0) })

    @Test("are read in their order, with their classes")
    func read() throws {
        let folder = try ScratchFolder()
        let classes = Data([5, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0])
        let file = try archive(
            [
                "arr_0": NumPyArray(type: "|u1", shape: [2, 2, 2, 3], bytes: Self.pixels),
                "arr_1": NumPyArray(type: "<i8", shape: [2], bytes: classes),
            ], in: folder)
        let set = try openDataset(at: file)
        #expect(
            set.count == 2 && set.imageShape == [3, 2, 2] && set.labels == [5, 1] && set.classCount == 6)
        #expect(
            try set.images(at: [1]).array(as: Int.self) == [12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23])
        #expect(try openDataset(at: file, size: 4).images(at: [0, 1]).shape == [2, 3, 4, 4])
    }

    @Test("may be gray and without classes", arguments: [[6, 2, 2], [6, 2, 2, 1]])
    func gray(shape: [Int]) throws {
        let folder = try ScratchFolder()
        let set = try openDataset(
            at: archive(["arr_0": NumPyArray(type: "|u1", shape: shape, bytes: Self.pixels)], in: folder))
        #expect(set.count == 6 && set.imageShape == [1, 2, 2] && set.labels == nil && set.classCount == 0)
        #expect(try set.images(at: [5]).array(as: Int.self) == [20, 21, 22, 23])
    }

    @Test("are refused where the arrays are something else")
    func refused() throws {
        let folder = try ScratchFolder()
        func said(_ arrays: [String: NumPyArray]) throws -> String {
            let file = try archive(arrays, in: folder)
            return complaint { _ = try openDataset(at: file) }.replacing(file.path, with: "FILE")
        }
        let images = NumPyArray(type: "|u1", shape: [2, 2, 2, 3], bytes: Self.pixels)
        let rows = NumPyArray(type: "|u1", shape: [2, 3, 2, 2], bytes: Self.pixels)
        #expect(
            try said(["arr_0": rows]).contains("shape [2, 3, 2, 2], where images are |u1 and [N, H, W, 3]"))
        let numbers = NumPyArray(type: "<f4", shape: [6], bytes: Self.pixels)
        #expect(try said(["arr_0": numbers]).contains("of type <f4 and shape [6]"))
        let huge = NumPyArray(type: "<i8", shape: [2], bytes: Data(repeating: 0x7F, count: 16))
        #expect(try said(["arr_0": images, "arr_1": huge]).contains("is not a whole number from 0 to 65535"))
        let names = NumPyArray(type: "<f4", shape: [2], bytes: Data(count: 8))
        #expect(try said(["arr_0": images, "arr_1": names]).contains("for each of the 2 images"))
    }
}
