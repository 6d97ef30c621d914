// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import Torch

/// The list of a checkpoint's files with their sizes and sums, by which damage is noticed.
struct CheckpointManifest: Codable {
    static let file = "manifest.json"
    static let state = "state.json"

    struct Entry: Codable {
        var bytes: Int
        var sha256: String
    }

    var step: Int
    /// The SHA-256 of the recipe that the run had.
    var recipe: String?
    /// How good the weights are, the lower the better, where that was measured.
    var score: Double?
    var files: [String: Entry]

    /// Sums up the files in a folder.
    init(step: Int, recipe: String?, score: Double?, of names: [String], in folder: URL) throws {
        self.step = step
        self.recipe = recipe
        self.score = score
        files = try Dictionary(
            uniqueKeysWithValues: names.map { name in
                let data = try Data(contentsOf: folder.appending(path: name), options: .alwaysMapped)
                return (name, Entry(bytes: data.count, sha256: sha256(data)))
            })
    }

    /// Reads the manifest of a checkpoint.
    init(in folder: URL) throws {
        do {
            self = try JSONDecoder.file.decode(
                CheckpointManifest.self, from: Data(contentsOf: folder.appending(path: Self.file)))
        } catch {
            throw CheckpointError.damaged(path: folder.relativePath, reason: "\(Self.file) cannot be read")
        }
    }

    /// Compares the files in a folder with the manifest.
    func verify(_ folder: URL) throws {
        func damaged(_ reason: String) -> CheckpointError {
            .damaged(path: folder.relativePath, reason: reason)
        }
        for (name, entry) in files.sorted(by: { $0.key < $1.key }) {
            guard let data = try? Data(contentsOf: folder.appending(path: name), options: .alwaysMapped)
            else {
                throw damaged("\(name) cannot be read")
            }
            guard data.count == entry.bytes else {
                throw damaged("\(name) has \(data.count) bytes where \(entry.bytes) were written")
            }
            guard sha256(data) == entry.sha256 else {
                throw damaged("\(name) has other contents than were written")
            }
        }
    }
}
