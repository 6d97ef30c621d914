// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
public import OrderedCollections
public import Torch
import Weights

/// A checkpoint that was found whole: a folder `step-000001000` of safetensors files, `state.json` and a
/// `manifest.json` with the size and the SHA-256 of each of them.
public struct Checkpoint: Sendable {
    /// Its folder.
    public let url: URL
    /// The number of steps that were done.
    public let step: Int
    /// The SHA-256 of the recipe that the run had then, if it is known.
    public let recipe: String?
    /// How good its weights are, the lower the better, if that was measured.
    public let score: Double?

    /// Opens a checkpoint and compares every file with the manifest.
    ///
    /// - Throws: ``CheckpointError/damaged(path:reason:)``.
    public init(_ url: URL) throws {
        let manifest = try CheckpointManifest(in: url)
        try manifest.verify(url)
        self.url = url
        step = manifest.step
        recipe = manifest.recipe
        score = manifest.score
    }

    /// The tensors of one of its files, by the name they were written under, such as `"generator"`.
    ///
    /// - Throws: ``CheckpointError/lacks(path:file:)``.
    public func tensors(_ name: String, device: Device = .cpu) throws -> OrderedDictionary<String, Tensor> {
        try SafetensorsFile(file("\(name).safetensors")).all(device: device)
    }

    /// The state that was written with the tensors.
    ///
    /// - Throws: ``CheckpointError/damaged(path:reason:)`` if it is of another type.
    public func state<State: Decodable>(as type: State.Type = State.self) throws -> State {
        let url = try file(CheckpointManifest.state)
        do {
            return try JSONDecoder.file.decode(type, from: Data(contentsOf: url))
        } catch {
            throw CheckpointError.damaged(
                path: url.relativePath, reason: "it is not the state of this kind of run")
        }
    }

    private func file(_ name: String) throws -> URL {
        let file = url.appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw CheckpointError.lacks(path: url.relativePath, file: name)
        }
        return file
    }
}

/// What can be wrong with a checkpoint.
public enum CheckpointError: LocalizedError, Equatable, CustomStringConvertible {
    /// A file of it is missing, cut short or changed.
    case damaged(path: String, reason: String)
    /// It is whole, but comes from another kind of run.
    case lacks(path: String, file: String)
    /// A folder has checkpoints, and all are damaged.
    case noneIntact(folder: String, count: Int)
    /// It could not be written; those before it are as they were.
    case unwritten(path: String, reason: String)

    /// One sentence: which checkpoint, what is wrong with it, what to do.
    public var description: String {
        switch self {
        case .damaged(let path, let reason):
            "The checkpoint \(path) is damaged: \(reason)."
        case .lacks(let path, let file):
            "The checkpoint \(path) has no \(file): it comes from another kind of run."
        case .noneIntact(let folder, let count):
            "None of the \(count) checkpoints in \(folder) is intact; remove them to begin anew."
        case .unwritten(let path, let reason):
            "The checkpoint \(path) could not be written: \(reason); the checkpoints before it are intact, and the same "
                + "command goes on from the last of them."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
