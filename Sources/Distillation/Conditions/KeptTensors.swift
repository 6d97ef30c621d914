// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
package import Foundation
import OrderedCollections
package import Torch
import Training
import Weights

/// A list of tensors of one shape, made once and kept in a folder as float16, of which memory holds none.
///
/// `NAME-00000.safetensors` and so on hold a thousand each, by their numbers. Each file is written whole or not at all, and what is
/// missing is made when the folder is opened again. Any number of processes may make a folder together.
package struct KeptTensors: Sendable {
    /// How many there are.
    package let count: Int
    private let files: [SafetensorsFile]
    private static let fileSize = 1_000

    /// A file that cannot be read, or holds something else.
    package struct Damage: Error {
        /// Its path.
        package let file: String
    }

    /// Opens a folder, and makes what it lacks.
    ///
    /// - Parameters:
    ///   - folder: where they are kept.
    ///   - name: what its files' names begin with.
    ///   - count: how many there are, at least one.
    ///   - make: makes those of a range, 32 at most, `[N, ...]`.
    ///   - progress: hears how many of how many are done; what it throws ends the work, and what was done stays.
    /// - Throws: ``Damage``, `FileError`, `SafetensorsError`, `TorchError`, and what `make` and `progress` throw.
    package init(
        in folder: URL, named name: String, count: Int, make: (Range<Int>) throws -> Tensor,
        progress: (_ done: Int, _ total: Int) throws -> Void
    ) throws {
        self.count = count
        files = try stride(from: 0, to: count, by: Self.fileSize).map { first in
            let range = first..<min(first + Self.fileSize, count)
            let url = folder.appending(
                path: String(format: "%@-%05d.safetensors", name, first / Self.fileSize))
            try Self.make(url, of: range) { part in
                try progress(part.lowerBound, count)
                return try LibTorch.withErrors { try withoutGradients { try make(part) } }
            }
            guard let file = try? SafetensorsFile(url), file.names == range.map(String.init) else {
                throw Damage(file: url.relativePath)
            }
            return file
        }
        try progress(count, count)
    }

    /// Those of the given numbers, each below ``count``, `[N, ...]`, float32 on the CPU.
    package func callAsFunction(_ numbers: [Int]) -> Tensor {
        .stacked(
            numbers.map { number in
                guard let tensor = try? files[number / Self.fileSize].tensor("\(number)") else {
                    preconditionFailure("tensor \(number) was there when the folder was opened")
                }
                return tensor.to(.float32)
            })
    }

    /// Makes a file with those of a range, unless it is there.
    private static func make(_ url: URL, of range: Range<Int>, _ make: (Range<Int>) throws -> Tensor) throws {
        func isThere() -> Bool { FileManager.default.fileExists(atPath: url.path) }
        defer { FileClaim.removeAbandoned(on: url) }
        if isThere() { return }
        let claim = try FileClaim(waitingFor: url)
        if !isThere() {
            var tensors: OrderedDictionary<String, Tensor> = [:]
            for start in stride(from: range.lowerBound, to: range.upperBound, by: 32) {
                let part = start..<min(start + 32, range.upperBound)
                let stored = try make(part).to(.float16).to(Device.cpu)
                for (row, number) in part.enumerated() {
                    tensors["\(number)"] = stored.selected(dim: 0, index: row).contiguous()
                }
            }
            try SafetensorsFile.write(tensors, metadata: [:], to: url)
        }
        claim.fulfil()
    }
}
