// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

extension NumPyArray {
    /// An array of numbers in row-major order.
    ///
    /// - Parameters:
    ///   - type: NumPy's name of the type, such as `<f8`.
    ///   - shape: the size of each dimension.
    ///   - bytes: the elements, as many bytes as the type and shape need.
    public init(type: String, shape: [Int], bytes: Data) {
        do throws(ArchiveError) {
            try self.init(type: type, shape: shape, isColumnMajor: false, bytes: bytes, file: "the array")
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// The array as a `.npy` file of version 1, whose elements begin at a multiple of 64 bytes.
    ///
    /// Source: the module `numpy.lib.format`, see ``init(npy:named:)``.
    public var npy: Data {
        let sizes = shape.map { "\($0)," }.joined(separator: " ")
        // NumPy leaves out the last comma where there are two sizes or more.
        let dims = shape.count > 1 ? String(sizes.dropLast()) : sizes
        let order = isColumnMajor ? "True" : "False"
        var header = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': (\(dims)), }"
        let prefix = Self.signature.count + 4
        let padding = (64 - (prefix + header.utf8.count + 1) % 64) % 64
        header += String(repeating: " ", count: padding) + "\n"
        let size = UInt16(header.utf8.count)
        return Self.signature + [1, 0, UInt8(size & 0xFF), UInt8(size >> 8)] + Data(header.utf8) + bytes
    }
}
