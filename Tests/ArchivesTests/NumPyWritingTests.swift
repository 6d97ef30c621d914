// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Testing

@Suite struct NumPyWritingTests {
    @Test(arguments: [[], [3], [2, 3], [2, 1, 0]]) func whatIsWrittenIsReadBack(shape: [Int]) throws {
        let count = shape.reduce(1, *)
        let array = NumPyArray(type: "<i2", shape: shape, bytes: Data((0..<count * 2).map { UInt8($0) }))
        let read = try NumPyArray(npy: array.npy, named: "a.npy")
        #expect(read.type == "<i2" && read.shape == shape && !read.isColumnMajor)
        #expect(Data(read.bytes) == array.bytes)
        #expect((array.npy.count - array.bytes.count) % 64 == 0)
    }

    /// As NumPy 2 writes `numpy.zeros(3, numpy.uint8)`.
    @Test func theBytesAreNumPys() {
        let array = NumPyArray(type: "|u1", shape: [3], bytes: Data(count: 3))
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }"
        let padded = header.padding(toLength: 117, withPad: " ", startingAt: 0) + "\n"
        #expect(array.npy == bytes("\u{93}NUMPY\u{1}\u{0}v\u{0}") + Data(padded.utf8) + Data(count: 3))
    }
}
