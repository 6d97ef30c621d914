// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation

/// One batch of CIFAR-10: labels, and images of 32 x 32 pixels as a plane of red, one of green and one of blue.
struct CIFARBatch: Sendable {
    static let imageShape = [3, 32, 32]
    static let classCount = 10
    private static let imageSize = 3 * 32 * 32

    let labels: [Int]
    private let planes: [UInt8]

    var count: Int { labels.count }

    func planes(at index: Int) -> ArraySlice<UInt8> {
        planes[index * Self.imageSize..<(index + 1) * Self.imageSize]
    }

    /// Reads a batch in the binary form: for each image a byte with its class, then its planes.
    init(binary data: Data, named name: String) throws(ImageError) {
        let record = 1 + Self.imageSize
        guard data.count > 0, data.count % record == 0 else {
            throw .damaged(
                file: name,
                reason: "its \(data.count) bytes are no whole number of images of \(record) bytes")
        }
        let starts = stride(from: data.startIndex, to: data.endIndex, by: record)
        try self.init(
            labels: starts.map { Int(data[$0]) },
            planes: starts.flatMap { data[$0 + 1..<$0 + record] }, named: name)
    }

    /// Reads a batch as Python wrote it: a pickled dictionary with `labels` and `data`, `[N, 3072]` of bytes.
    init(pickled data: Data, named name: String) throws {
        func damaged(_ reason: String) -> ImageError { .damaged(file: name, reason: reason) }
        let pickle = try archived { () throws(ArchiveError) in
            try Pickle(data, named: name, globals: NumPyArray.globals)
        }
        guard let entries = pickle.value.entries, let items = entries["labels"]?.items,
            let stored = entries["data"]
        else { throw damaged("it holds no labels and data") }
        let array = try archived { () throws(ArchiveError) in
            try NumPyArray(pickled: stored, named: name)
        }
        guard let array, array.type == "|u1", array.shape == [items.count, Self.imageSize],
            !array.isColumnMajor
        else {
            throw damaged("its data are not the bytes of an image of 32 x 32 pixels for each of its labels")
        }
        let labels = items.compactMap(\.int)
        guard labels.count == items.count else { throw damaged("a label is no number") }
        try self.init(labels: labels, planes: Array(array.bytes), named: name)
    }

    private init(labels: [Int], planes: [UInt8], named name: String) throws(ImageError) {
        guard !labels.isEmpty else { throw .damaged(file: name, reason: "it holds no images") }
        if let odd = labels.first(where: { !(0..<Self.classCount).contains($0) }) {
            throw .badLabels(file: name, reason: "one is \(odd), where 0 to 9 are the classes")
        }
        self.labels = labels
        self.planes = planes
    }
}
