// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Testing

@Suite("An array of NumPy") struct NumPyArrayTests {
    private func file(_ header: String, version: UInt8 = 1, elements: Int) -> Data {
        let size = withUnsafeBytes(of: UInt32(header.utf8.count).littleEndian) { Data($0) }
        return NumPyArray.signature + [version, 0] + (version == 1 ? size.prefix(2) : size)
            + Data(header.utf8)
            + Data(0..<UInt8(elements))
    }

    @Test("may be of each version, order and number of dimensions", arguments: [1, 2, 3] as [UInt8])
    func versions(version: UInt8) throws {
        let matrix = try NumPyArray(
            npy: file(
                "{'descr': '<i2', 'fortran_order': True, 'shape': (2, 3), }\n", version: version, elements: 12
            ),
            named: "a.npy")
        #expect(matrix.type == "<i2" && matrix.shape == [2, 3] && matrix.isColumnMajor)
        #expect(Array(matrix.bytes) == Array(0..<12))
        let header = "{'descr': '|u1', 'fortran_order': False, 'shape': SHAPE, }"
        for (shape, expected) in [("()", []), ("(3,)", [3]), ("(0, 7)", [0, 7])] as [(String, [Int])] {
            let array = try NumPyArray(
                npy: file(
                    header.replacing("SHAPE", with: shape), version: version, elements: expected.reduce(1, *)),
                named: "a.npy")
            #expect(array.shape == expected && !array.isColumnMajor)
        }
    }

    @Test(
        "is refused if its header is not what it should be",
        arguments: [
            ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "states no plain type"),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
                "4 bytes for an array of shape [2]"
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, 4), }",
                "4 bytes for an array"
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
                "impossible shape"
            ),
            ("", "states no plain type"),
        ])
    func headers(header: String, words: String) {
        let said = complaint { _ = try NumPyArray(npy: file(header, elements: 4), named: "a.npy") }
        #expect(said.hasPrefix("a.npy is damaged: ") && said.contains(words), "\(said)")
    }

    @Test("of texts or objects is sound, and not read", arguments: ["|O", "<U10", "|S4", "<M8[ns]"])
    func otherTypes(type: String) {
        let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (1,), }"
        let error = #expect(throws: ArchiveError.self) {
            try NumPyArray(npy: file(header, elements: 4), named: "a.npy")
        }
        #expect(
            error?.description
                == "a.npy is not read here: it has an array of type '\(type)', which is not numbers; leave it out of the archive."
        )
    }

    @Test("that breaks off is an error, wherever it does")
    func truncation() {
        let whole = file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", elements: 8)
        for count in 0..<whole.count {
            let said = complaint { _ = try NumPyArray(npy: whole.prefix(count), named: "a.npy") }
            #expect(said.hasPrefix("a.npy is damaged: "), "\(count) of \(whole.count) bytes: \(said)")
        }
    }
}
