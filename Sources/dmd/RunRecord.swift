// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import Training

/// `run.json`: what a run was begun with, beside its recipe.
struct RunRecord: Codable, Equatable {
    /// The files and folders that were named, by option: as absolute paths, and relative ones within the run's folder.
    var paths: [String: String] = [:]
    /// The column of the prompts, if one was named.
    var promptColumn: String?
    /// The threads on the CPU, on whose number the last bits of the result depend.
    var threads: Int
    /// What must be the same to go on, by what it is.
    var inputs: [String: String] = [:]

    private static func url(in folder: RunFolder) -> URL { folder.url.appending(path: "run.json") }

    init(threads: Int) {
        self.threads = threads
    }

    /// Reads the record of a folder; nil if there is none.
    init?(in folder: RunFolder) throws {
        let url = Self.url(in: folder)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        guard let found = try? JSONDecoder.file.decode(RunRecord.self, from: Data(contentsOf: url)) else {
            throw CommandError(
                "\(url.relativePath) is damaged: remove it, and name the run's files again to go on.")
        }
        self = found
    }

    /// Notes a path that was named.
    mutating func note(_ path: Path?, as option: String, in folder: RunFolder) {
        guard let path else { return }
        let (inner, outer) = (path.url.standardizedFileURL.path, folder.url.standardizedFileURL.path + "/")
        paths[option] = inner.hasPrefix(outer) ? String(inner.dropFirst(outer.count)) : inner
    }

    /// The path that was named, where it is now.
    ///
    /// - Throws: ``CommandError`` if nothing is there any more.
    func path(_ option: String, in folder: RunFolder) throws -> Path? {
        guard let path = paths[option] else { return nil }
        let place = path.hasPrefix("/") ? path : folder.url.appending(path: path).path
        guard FileManager.default.fileExists(atPath: place) else {
            throw CommandError(
                "The run was begun with \(place), which is not there any more: name its new place with --\(option)."
            )
        }
        return Path(argument: place)
    }

    /// Keeps the record with a new run, or compares it with that of the run that the folder holds.
    ///
    /// - Throws: ``CommandError`` if the run was begun with other inputs.
    func begin(in folder: RunFolder) throws {
        guard let begun = try RunRecord(in: folder) else {
            try makeFolder(folder.url)
            return try writeAtomically(JSONEncoder.file.encode(self), to: Self.url(in: folder))
        }
        for (what, value) in begun.inputs.sorted(by: { $0.key < $1.key }) where inputs[what] != value {
            throw CommandError(
                "\(folder.url.relativePath) holds a run with another \(what), \(value) instead of "
                    + "\(inputs[what] ?? "none"): name that one, or choose another folder.")
        }
        if begun.threads != threads {
            let sentence =
                "The run was begun with \(begun.threads) threads and goes on with \(threads), which changes the last bits of "
                + "its numbers; --threads \(begun.threads) avoids that.\n"
            say(sentence)
        }
    }
}
