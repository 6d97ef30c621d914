// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import OrderedCollections
public import Torch

/// Writes checkpoints whole or not at all, and keeps the last few.
///
/// All files of a checkpoint are written to a folder `.partial-...` beside its place and forced to the disk; only then
/// is the folder renamed. Killing the process at any moment leaves the checkpoints before as they were.
public struct CheckpointWriter {
    private static let partial = ".partial-"

    private let folder: URL
    private let kept: Int

    /// Removes what a killed process may have left half written.
    ///
    /// - Parameters:
    ///   - folder: the folder of checkpoints, ``RunFolder/checkpoints``; made if need be.
    ///   - kept: how many checkpoints stay, at least 1; older ones are removed after each write.
    /// - Throws: ``FileError``.
    public init(_ folder: URL, keeping kept: Int = 2) throws {
        precondition(kept >= 1, "At least one checkpoint must be kept")
        self.folder = folder
        self.kept = kept
        try makeFolder(folder)
        for name in try names(in: folder) where name.hasPrefix(Self.partial) {
            try remove(folder.appending(path: name))
        }
    }

    /// Writes a checkpoint, in place of one of the same step if there is one.
    ///
    /// - Parameters:
    ///   - step: the number of steps done.
    ///   - files: tensors, by the name of the file that they go to, such as `"generator"`.
    ///   - state: what else the run needs to go on; must encode to JSON.
    /// - Returns: the checkpoint's folder.
    /// - Throws: ``FileError``, ``SafetensorsError``. No part of the checkpoint is left then.
    @discardableResult
    public func write(
        step: Int, files: [String: OrderedDictionary<String, Tensor>], state: some Encodable
    ) throws -> URL {
        let target = folder.appending(path: Checkpoint.name(step: step))
        let partial = partial(of: target)
        do {
            try makeFolder(partial)
            try fill(partial, step: step, files: files, state: state)
            if FileManager.default.fileExists(atPath: target.path) {
                try discard(target)
            }
            try move(partial, to: target)
        } catch {
            try? FileManager.default.removeItem(at: partial)
            throw error
        }
        for old in try Checkpoint.folders(in: folder).dropLast(kept) {
            try discard(old)
        }
        return target
    }

    private func fill(
        _ partial: URL, step: Int, files: [String: OrderedDictionary<String, Tensor>], state: some Encodable
    ) throws {
        for (name, tensors) in files {
            try SafetensorsFile.write(tensors, to: partial.appending(path: "\(name).safetensors"))
        }
        try writeWhole(
            JSONEncoder.run.encode(state), to: partial.appending(path: CheckpointManifest.state))
        let manifest = try CheckpointManifest(
            step: step, of: files.keys.map { "\($0).safetensors" } + [CheckpointManifest.state], in: partial)
        try writeWhole(
            JSONEncoder.run.encode(manifest), to: partial.appending(path: CheckpointManifest.file))
    }

    /// Removes a checkpoint. It loses its name first, so that none is ever seen with a part of its files.
    private func discard(_ checkpoint: URL) throws {
        let doomed = partial(of: checkpoint)
        try move(checkpoint, to: doomed)
        try remove(doomed)
    }

    private func partial(of checkpoint: URL) -> URL {
        folder.appending(path: "\(Self.partial)\(checkpoint.lastPathComponent)-\(UUID().uuidString)")
    }
}
