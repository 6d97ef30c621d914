// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Training

/// `pairs.json`: what a folder of pairs is made of, and its finished files with the sums by which damage is noticed.
struct PairManifest: Codable {
    private static let file = "pairs.json"

    /// What the set is made of.
    let description: PairDescription
    /// The SHA-256 of every finished file, in order.
    var shards: [String] = []

    init(_ description: PairDescription) {
        self.description = description
    }

    /// Reads the manifest of a folder; nil if there is none.
    init?(in folder: URL) throws {
        let url = folder.appending(path: Self.file)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        guard let found = try? JSONDecoder().decode(PairManifest.self, from: Data(contentsOf: url)),
            found.description.isPossible
        else {
            throw PairError.noPairs(
                folder: folder.relativePath, reason: "\(Self.file) cannot be read as a manifest")
        }
        self = found
    }

    func write(to folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try writeWhole(encoder.encode(self), to: folder.appending(path: Self.file))
    }

    /// The place of a file, `pairs-00000.safetensors` for the first.
    static func url(ofShard shard: Int, in folder: URL) -> URL {
        let digits = String(shard)
        return folder.appending(
            path: "pairs-\(String(repeating: "0", count: max(0, 5 - digits.count)))\(digits).safetensors")
    }

    /// Compares a finished file with its sum.
    func verify(shard: Int, in folder: URL) throws {
        let url = Self.url(ofShard: shard, in: folder)
        guard let data = try? Data(contentsOf: url, options: .alwaysMapped) else {
            throw PairError.damaged(file: url.relativePath, reason: "it cannot be read")
        }
        guard sha256(data) == shards[shard] else {
            throw PairError.damaged(file: url.relativePath, reason: "it has other contents than were written")
        }
    }
}
