// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation

/// An array of bytes in the IDX format, plain or within gzip.
///
/// Two zero bytes, the element type (8 for unsigned bytes), the number of dimensions; then each dimension as
/// a big-endian 32-bit number; then the elements, the last dimension running fastest. Source: the page of the
/// MNIST database, yann.lecun.com/exdb/mnist.
struct IDXFile {
    static let signature: [UInt8] = [0, 0, 8]

    let shape: [Int]
    let elements: [UInt8]

    /// Reads a file of `rank` dimensions, checking its size against its header before allocating.
    init(contentsOf url: URL, rank: Int) throws {
        let data = try readFile(url)
        func damaged(_ reason: String) -> ImageError { .damaged(file: url.path, reason: reason) }

        let headerCount = 4 + 4 * rank
        let header = try Self.prefix(of: data, headerCount, file: url.path).bytes
        guard header.count == headerCount, header.starts(with: Self.signature + [UInt8(rank)]) else {
            throw damaged("it does not begin as an IDX file of bytes in \(rank) dimensions")
        }
        shape = (1...rank).map { axis in
            header[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) }
        }
        guard let count = Self.count(of: shape) else {
            throw damaged("its header states an impossible shape, \(shape)")
        }
        // Deflate's densest code shrinks 1032 bytes to one.
        let ratio = data.starts(with: gzipSignature) ? 1032 : 1
        let (contents, isAll) =
            headerCount + count <= ratio * data.count
            ? try Self.prefix(of: data, headerCount + count, file: url.path) : (header, false)
        guard contents.count == headerCount + count else {
            throw damaged("its header states \(count) elements of shape \(shape), but it holds fewer")
        }
        guard isAll else {
            throw damaged("it holds more than the \(count) elements that its header states")
        }
        elements = Array(contents.dropFirst(headerCount))
    }

    /// The product of the dimensions, nil where one is zero or absurd.
    private static func count(of shape: [Int]) -> Int? {
        shape.reduce(1) { count, size -> Int? in
            guard let count, size > 0 else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            return overflow || product > Int.max / 2 ? nil : product
        }
    }

    /// At most `count` bytes from the start of the contents, and whether those are all.
    private static func prefix(of data: Data, _ count: Int, file: String) throws -> (
        bytes: [UInt8], isAll: Bool
    ) {
        guard data.starts(with: gzipSignature) else {
            return (Array(data.prefix(count)), data.count <= count)
        }
        do {
            let (contents, isAll) = try gunzip(data, atMost: count, named: file)
            return (Array(contents), isAll)
        } catch {
            throw ImageError(error)
        }
    }
}
