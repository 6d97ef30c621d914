// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import Training

/// `pairs.json`: what a folder of pairs is made of. It is written once, by whoever begins the set.
struct PairManifest: Codable {
    private static let file = "pairs.json"

    let description: PairDescription

    private init(_ description: PairDescription) {
        self.description = description
    }

    /// Reads the manifest of a folder; nil if there is none.
    init?(in folder: URL) throws {
        let url = folder.appending(path: Self.file)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        guard let found = try? JSONDecoder.file.decode(PairManifest.self, from: Data(contentsOf: url)),
            found.description.isPossible
        else {
            throw PairError.noPairs(
                folder: folder.relativePath, reason: "\(Self.file) cannot be read as a manifest")
        }
        self = found
    }

    /// Begins a set, unless the folder holds one of the same description already.
    static func begin(_ description: PairDescription, in folder: URL) throws {
        try beginFolder(folder, manifest: PairManifest(description), at: folder.appending(path: file))
        let differences = try PairManifest(in: folder).map { description.differences(from: $0.description) }
        if let differences, !differences.isEmpty {
            throw PairError.mismatched(folder: folder.relativePath, differences: differences)
        }
    }
}
