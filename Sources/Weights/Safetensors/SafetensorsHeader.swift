// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import OrderedCollections
import Torch

/// The JSON object at the start of a safetensors file, checked against the format and the size of the file.
struct SafetensorsHeader {
    /// Where a tensor lies in the file and how to read it.
    struct Entry {
        let dtype: DType
        let shape: [Int]
        /// Offsets from the start of the file.
        let bytes: Range<Int>
    }

    private(set) var entries: OrderedDictionary<String, Entry> = [:]
    private(set) var metadata: [String: String] = [:]

    /// The largest header that the format's reference implementation accepts, in bytes.
    private static let largestSize = 100_000_000

    /// The bytes before the header, which tell its size as a little-endian number.
    static let prefixSize = 8

    /// libtorch's iterators take no more dimensions.
    private static let largestRank = 64

    /// Reads the header of a file of which `data` is the whole content.
    init(_ data: Data, file: String) throws(SafetensorsError) {
        guard data.count >= Self.prefixSize else {
            throw .truncated(file: file, expectedBytes: Self.prefixSize, foundBytes: data.count)
        }
        let size = data.prefix(Self.prefixSize).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard size <= Self.largestSize else {
            throw .malformedHeader(
                file: file, byte: 0,
                reason: "its size is given as \(size) bytes, more than \(Self.largestSize)")
        }
        let dataStart = Self.prefixSize + Int(size)
        guard dataStart <= data.count else {
            throw .truncated(file: file, expectedBytes: dataStart, foundBytes: data.count)
        }
        var scanner = JSONScanner(data[Self.prefixSize..<dataStart], file: file)
        try scanner.object { scanner, name throws(SafetensorsError) in
            if name == "__metadata__" {
                if scanner.null() { return }
                try scanner.object { scanner, key throws(SafetensorsError) in
                    metadata[key] = try scanner.string()
                }
            } else {
                entries[name] = try Self.entry(name, &scanner, dataStart: dataStart)
            }
        }
        try scanner.end()
        try checkLayout(dataStart: dataStart, fileSize: data.count, file: file)
    }

    private static func entry(
        _ name: String, _ scanner: inout JSONScanner, dataStart: Int
    ) throws(SafetensorsError) -> Entry {
        let start = scanner.position
        let file = scanner.file
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.object { scanner, key throws(SafetensorsError) in
            switch key {
            case "dtype": type = try scanner.string()
            case "shape": shape = try scanner.integers()
            case "data_offsets": offsets = try scanner.integers()
            default: try scanner.skipValue()
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2, offsets[0] <= offsets[1] else {
            throw .malformedHeader(
                file: file, byte: start,
                reason: "'\(name)' must have a dtype, a shape and data_offsets of a begin and an end")
        }
        guard let dtype = DType(safetensorsName: type) else {
            throw .unsupportedType(file: file, tensor: name, found: type)
        }
        guard let expected = byteCount(shape, dtype) else {
            throw .impossibleShape(file: file, tensor: name, shape: shape)
        }
        guard offsets[1] - offsets[0] == expected else {
            throw .wrongByteCount(
                file: file, tensor: name, expected: expected, found: offsets[1] - offsets[0])
        }
        // The scanner's integers stay far below Int.max, so the sums are safe.
        return Entry(dtype: dtype, shape: shape, bytes: dataStart + offsets[0]..<dataStart + offsets[1])
    }

    /// The bytes that a tensor needs; `nil` if its size cannot be counted, even leaving out dimensions of 0.
    private static func byteCount(_ shape: [Int], _ dtype: DType) -> Int? {
        guard shape.count <= largestRank else { return nil }
        var bytes = dtype.size
        for dim in shape where dim > 0 {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: dim)
            guard !overflow else { return nil }
            bytes = product
        }
        return shape.contains(0) ? 0 : bytes
    }

    /// The tensors' bytes must follow each other and fill the file, so that no byte is read twice or hides.
    private func checkLayout(dataStart: Int, fileSize: Int, file: String) throws(SafetensorsError) {
        var end = dataStart
        let inFileOrder = entries.elements.sorted {
            ($0.value.bytes.lowerBound, $0.value.bytes.upperBound)
                < ($1.value.bytes.lowerBound, $1.value.bytes.upperBound)
        }
        for (name, entry) in inFileOrder {
            guard entry.bytes.lowerBound == end else {
                throw .wrongOffset(
                    file: file, tensor: name, expected: end - dataStart,
                    found: entry.bytes.lowerBound - dataStart)
            }
            end = entry.bytes.upperBound
        }
        guard end <= fileSize else { throw .truncated(file: file, expectedBytes: end, foundBytes: fileSize) }
        guard end == fileSize else { throw .surplusBytes(file: file, count: fileSize - end) }
    }
}

extension DType {
    /// The name of the type in a safetensors header, such as `BF16`.
    var safetensorsName: String {
        switch self {
        case .uint8: "U8"
        case .int8: "I8"
        case .int16: "I16"
        case .int32: "I32"
        case .int64: "I64"
        case .float16: "F16"
        case .float32: "F32"
        case .float64: "F64"
        case .bool: "BOOL"
        case .bfloat16: "BF16"
        }
    }

    init?(safetensorsName name: String) {
        guard let match = Self.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
        self = match
    }
}
