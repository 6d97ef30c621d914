// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation

/// Finds the checkpoint to go on from.
public enum CheckpointReader {
    /// The last checkpoint in a folder whose files are all as they were written. Damaged ones after it are passed
    /// over with a warning.
    ///
    /// - Parameters:
    ///   - folder: the folder of checkpoints.
    ///   - warn: hears of damaged ones.
    /// - Returns: none if the folder has no checkpoints or does not exist.
    /// - Throws: ``CheckpointError/noneIntact(folder:count:)`` rather than letting a run begin anew beside damaged
    ///   checkpoints; `FileError` if the folder cannot be read.
    public static func latest(in folder: URL, warn: (String) -> Void = { _ in }) throws -> Checkpoint? {
        guard FileManager.default.fileExists(atPath: folder.path) else { return nil }
        let folders = try Checkpoint.folders(in: folder)
        for url in folders.reversed() {
            do {
                return try Checkpoint(url)
            } catch let error as CheckpointError {
                warn("\(error) It is passed over for the one before.")
            }
        }
        guard folders.isEmpty else {
            throw CheckpointError.noneIntact(folder: folder.relativePath, count: folders.count)
        }
        return nil
    }
}

extension Checkpoint {
    private static let prefix = "step-"

    /// The name of a checkpoint's folder. Zeros in front make order by name order by step.
    static func name(step: Int) -> String {
        let digits = String(step)
        return prefix + String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    }

    /// The step that a folder's name tells.
    static func step(of url: URL) -> Int? { Int(url.lastPathComponent.dropFirst(prefix.count)) }

    /// The folders of all checkpoints, by step, damaged ones too.
    static func folders(in folder: URL) throws -> [URL] {
        try names(in: folder).filter { $0.hasPrefix(prefix) }.sorted { ($0.count, $0) < ($1.count, $1) }
            .map { folder.appending(path: $0) }
    }
}
