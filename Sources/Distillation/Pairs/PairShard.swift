// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import OrderedCollections
import Synchronization
import Torch
import Training
import Weights

/// One file of a set, `pairs-00000.safetensors` for the first: `images` and, with classes, `labels` (int64).
///
/// Its metadata tells how to draw the noise again, and the sum by which damage is noticed, the `fingerprint(of:)` of
/// its tensors. It is written whole or not at all.
struct PairShard: Sendable {
    let description: PairDescription
    let indices: Range<Int>
    let url: URL

    /// All files of a set, made or not.
    static func all(of description: PairDescription, in folder: URL) -> [PairShard] {
        (0..<description.shardCount).map { shard in
            let digits = String(shard)
            let number = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
            return PairShard(
                description: description, indices: description.indices(ofShard: shard),
                url: folder.appending(path: "pairs-\(number).safetensors"))
        }
    }

    /// Whether the file is made, be it sound or damaged.
    var exists: Bool { FileManager.default.fileExists(atPath: url.path) }

    /// Writes the images of the file, in the type in which they are kept. The file must be claimed.
    func write(_ images: Tensor) throws {
        removeParts()
        let contents = tensors(images)
        try SafetensorsFile.write(contents, metadata: metadata(of: contents), to: url)
    }

    /// Opens the file, and compares its header with what belongs there.
    func opened() throws -> SafetensorsFile {
        guard let file = try? SafetensorsFile(url) else { throw damaged("it is no whole safetensors file") }
        let names = description.classCount > 0 ? ["images", "labels"] : ["images"]
        guard file.names == names, try file.dtype(of: "images") == description.storage.dtype,
            try file.shape(of: "images") == [indices.count] + description.sampleShape
        else {
            throw damaged("it does not hold images of the shape and type that pairs.json tells")
        }
        guard file.metadata.filter({ $0.key != "sum" }) == origin else {
            throw damaged("it was made for another place, or by other settings")
        }
        return file
    }

    /// Compares the contents of the file with its sum.
    func verify(_ file: SafetensorsFile) throws {
        guard file.metadata["sum"] == fingerprint(of: file.all()) else {
            throw damaged("it has other contents than were written")
        }
    }

    /// Removes what a process left that was killed as it wrote the file.
    private func removeParts() {
        let folder = url.deletingLastPathComponent()
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names where name.hasPrefix(".\(url.lastPathComponent).") && name.hasSuffix(".part") {
            try? FileManager.default.removeItem(at: folder.appending(path: name))
        }
    }

    private func damaged(_ reason: String) -> PairError {
        .damaged(file: url.relativePath, reason: reason)
    }

    private func tensors(_ images: Tensor) -> OrderedDictionary<String, Tensor> {
        var tensors: OrderedDictionary = ["images": images]
        if description.classCount > 0 {
            tensors["labels"] = Tensor(indices.map { $0 % description.classCount })
        }
        return tensors
    }

    /// What the metadata tells of where the pairs come from.
    private var origin: [String: String] {
        [
            "seed": "\(description.seed)", "purpose": "pair.z", "first": "\(indices.lowerBound)",
            "teacher": description.teacher, "sampler": description.sampler,
        ]
    }

    private func metadata(of tensors: OrderedDictionary<String, Tensor>) -> [String: String] {
        origin.merging(["sum": fingerprint(of: tensors)]) { $1 }
    }
}

/// A file of a set that is open: its contents are compared with its sum before the first of them is used.
final class OpenPairShard: Sendable {
    private let shard: PairShard
    private let file: SafetensorsFile
    private let isVerified = Mutex(false)

    init(_ shard: PairShard, _ file: SafetensorsFile) { (self.shard, self.file) = (shard, file) }

    /// - Throws: ``PairError/damaged(file:reason:)``.
    func verify() throws {
        try isVerified.withLock { isVerified in
            if !isVerified { try shard.verify(file) }
            isVerified = true
        }
    }

    /// The image of a pair, in the type of the file.
    func image(_ index: Int) throws -> Tensor {
        try verify()
        return try file.row(index, of: "images")
    }
}
