// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Torch

/// A tensor as it lies in a file: some elements of a block of bytes, at regular distances.
struct StoredTensor {
    private let dtype: DType
    private let shape: [Int]
    /// Distances in elements.
    private let strides: [Int]
    /// The first element's place.
    private let offset: Int
    private let bytes: Data

    /// libtorch's iterators take no more dimensions.
    private static let largestRank = 64

    /// The number of elements.
    let count: Int

    /// The size of the elements, as they lie in memory once read.
    var byteCount: Int { count * dtype.size }

    /// Checks that all elements lie within the bytes; nil if not, or if no tensor can have the shape.
    init?(dtype: DType, shape: [Int], strides: [Int], offset: Int = 0, bytes: Data) {
        guard shape.count == strides.count, shape.count <= Self.largestRank, offset >= 0,
            shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }),
            let largest = Self.product(shape.map { max($0, 1) }), Self.product([largest, dtype.size]) != nil
        else { return nil }
        count = shape.contains(0) ? 0 : largest
        if count > 0 {
            var last = offset
            for (size, stride) in zip(shape, strides) {
                let (distance, isTooFar) = (size - 1).multipliedReportingOverflow(by: stride)
                let (sum, isTooLarge) = last.addingReportingOverflow(distance)
                guard !isTooFar, !isTooLarge else { return nil }
                last = sum
            }
            guard last < bytes.count / dtype.size else { return nil }
        }
        (self.dtype, self.shape, self.strides) = (dtype, shape, strides)
        (self.offset, self.bytes) = (offset, bytes)
    }

    /// A tensor whose elements follow each other, the last dimension running fastest or the first.
    init?(dtype: DType, shape: [Int], isColumnMajor: Bool = false, bytes: Data) {
        let strides = isColumnMajor ? Self.strides(shape) : Self.strides(shape.reversed()).reversed()
        self.init(dtype: dtype, shape: shape, strides: strides, bytes: bytes)
    }

    /// The elements in row-major order.
    func tensor() -> Tensor {
        // A boolean is 0 or 1 in memory and nothing else, but a file's bytes may be anything.
        let stored: DType = dtype == .bool ? .uint8 : dtype
        return rowMajorBytes().withUnsafeBytes { bytes in
            Tensor(bytes: bytes, shape: shape, dtype: stored).to(dtype)
        }
    }

    private func rowMajorBytes() -> Data {
        let size = dtype.size
        guard count > 0, strides != Self.strides(shape.reversed()).reversed() else {
            return bytes.dropFirst(count > 0 ? offset * size : 0).prefix(byteCount)
        }
        var result = Data(count: byteCount)
        result.withUnsafeMutableBytes { target in
            bytes.withUnsafeBytes { source in
                var index = [Int](repeating: 0, count: shape.count)
                var place = offset
                for element in 0..<count {
                    let from = UnsafeRawBufferPointer(rebasing: source[place * size..<(place + 1) * size])
                    UnsafeMutableRawBufferPointer(rebasing: target[element * size..<(element + 1) * size])
                        .copyMemory(from: from)
                    var axis = shape.count - 1
                    while axis >= 0 {
                        index[axis] += 1
                        place += strides[axis]
                        guard index[axis] == shape[axis] else { break }
                        place -= index[axis] * strides[axis]
                        index[axis] = 0
                        axis -= 1
                    }
                }
            }
        }
        return result
    }

    /// The distances between elements when the first dimension runs fastest.
    private static func strides(_ shape: [Int]) -> [Int] {
        var stride = 1
        return shape.map { size in
            defer { stride = stride.multipliedReportingOverflow(by: max(size, 1)).partialValue }
            return stride
        }
    }

    /// Nil if it is too large for an `Int`.
    private static func product(_ factors: [Int]) -> Int? {
        factors.reduce(1) { product, factor in
            guard let (product, overflow) = product?.multipliedReportingOverflow(by: factor), !overflow else {
                return nil
            }
            return product
        }
    }
}
