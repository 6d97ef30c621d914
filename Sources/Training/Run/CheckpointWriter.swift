// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
public import OrderedCollections
public import Torch
import Weights

/// Writes checkpoints whole or not at all, and keeps the last few.
///
/// All files of a checkpoint are written to a folder `.partial-...` beside its place and forced to the disk; only then
/// is the folder renamed. Killing the process at any moment leaves the checkpoints before as they were.
public struct CheckpointWriter: Sendable {
    private static let partial = ".partial-"
    private static let replaced = ".replaced-"

    private let folder: URL
    private let retention: CheckpointRetention

    /// Puts right what a killed process may have left half done.
    ///
    /// - Parameters:
    ///   - folder: the folder of checkpoints, ``RunFolder/checkpoints``; made if need be.
    ///   - retention: which checkpoints stay; the others are removed after each write.
    /// - Throws: `FileError`.
    public init(_ folder: URL, keeping retention: CheckpointRetention = CheckpointRetention()) throws {
        self.folder = folder
        self.retention = retention
        try makeFolder(folder)
        for name in try names(in: folder) {
            let url = folder.appending(path: name)
            if name.hasPrefix(Self.partial) { try remove(url) }
            if name.hasPrefix(Self.replaced) {
                let place = folder.appending(path: name.dropFirst(Self.replaced.count))
                let isReplaced = FileManager.default.fileExists(atPath: place.path)
                try isReplaced ? remove(url) : move(url, to: place)
            }
        }
    }

    /// Writes a checkpoint, in place of one of the same step if there is one.
    ///
    /// - Parameters:
    ///   - step: the number of steps done.
    ///   - files: tensors, by the name of the file that they go to, such as `"generator"`.
    ///   - state: what else the run needs to go on; must encode to JSON.
    ///   - recipe: the SHA-256 of the run's recipe.
    ///   - score: how good the weights are, the lower the better, if that was measured; finite.
    /// - Returns: the checkpoint's folder.
    /// - Throws: ``CheckpointError/unwritten(path:reason:)``. No part of the checkpoint is left then.
    @discardableResult
    public func write(
        step: Int, files: [String: OrderedDictionary<String, Tensor>], state: some Encodable,
        recipe: String? = nil, score: Double? = nil
    ) throws -> URL {
        let target = folder.appending(path: Checkpoint.name(step: step))
        let partial = partial(of: target)
        do {
            try makeFolder(partial)
            let names = try fill(partial, files: files, state: state)
            let manifest = try CheckpointManifest(
                step: step, recipe: recipe, score: score, of: names, in: partial)
            try writeAtomically(
                JSONEncoder.file.encode(manifest), to: partial.appending(path: CheckpointManifest.file))
            try replace(target, with: partial)
            try discardOld()
        } catch {
            try? FileManager.default.removeItem(at: partial)
            throw CheckpointError.unwritten(
                path: target.relativePath, reason: (error as? FileError)?.reason ?? "\(error)")
        }
        return target
    }

    /// The lowest score of a checkpoint that is there.
    public func bestScore() throws -> Double? { try best()?.score }

    /// The checkpoint with the lowest score.
    func best() throws -> (step: Int, score: Double)? {
        try scores().compactMap { checkpoint in checkpoint.score.map { (checkpoint.step, $0) } }
            .min { $0.1 < $1.1 }
    }

    /// Removes the checkpoints of later steps.
    func discard(after step: Int) throws {
        for (later, _) in try scores() where later > step {
            try discard(folder.appending(path: Checkpoint.name(step: later)))
        }
    }

    /// Renames checkpoints of later steps, which were found damaged, so that they do not count as checkpoints any more.
    func setAside(after step: Int) throws {
        for later in try Checkpoint.folders(in: folder) where Checkpoint.step(of: later) ?? 0 > step {
            let aside = folder.appending(path: "damaged-\(later.lastPathComponent)")
            if FileManager.default.fileExists(atPath: aside.path) { try remove(aside) }
            try move(later, to: aside)
        }
    }

    /// Puts a checkpoint in the place of one of the same step. Between the two renames the old one has another name, from
    /// which ``init(_:keeping:)`` brings it back.
    private func replace(_ target: URL, with partial: URL) throws {
        guard FileManager.default.fileExists(atPath: target.path) else {
            return try move(partial, to: target)
        }
        let old = folder.appending(path: "\(Self.replaced)\(target.lastPathComponent)")
        try move(target, to: old)
        try move(partial, to: target)
        try remove(old)
    }

    private func discardOld() throws {
        for step in retention.discarded(of: try scores()) {
            try discard(folder.appending(path: Checkpoint.name(step: step)))
        }
    }

    /// All checkpoints by step, with the scores of those whose manifest can be read.
    private func scores() throws -> [(step: Int, score: Double?)] {
        try Checkpoint.folders(in: folder).compactMap { url in
            Checkpoint.step(of: url).map { ($0, try? CheckpointManifest(in: url).score) }
        }
    }

    /// - Returns: the names of the files.
    private func fill(
        _ partial: URL, files: [String: OrderedDictionary<String, Tensor>], state: some Encodable
    ) throws -> [String] {
        for (name, tensors) in files {
            try SafetensorsFile.write(tensors, to: partial.appending(path: "\(name).safetensors"))
        }
        try writeAtomically(
            JSONEncoder.file.encode(state), to: partial.appending(path: CheckpointManifest.state))
        return files.keys.map { "\($0).safetensors" } + [CheckpointManifest.state]
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
