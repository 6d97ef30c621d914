// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import OrderedCollections
public import Torch

/// A checkpoint that was found whole: a folder `step-000001000` of safetensors files, `state.json` and a
/// `manifest.json` with the size and the SHA-256 of each of them.
public struct Checkpoint: Sendable {
    /// Its folder.
    public let url: URL
    /// The number of steps that were done.
    public let step: Int

    /// Opens a checkpoint and compares every file with the manifest.
    ///
    /// - Throws: ``CheckpointError/damaged(path:reason:)``.
    public init(_ url: URL) throws {
        let manifest = try CheckpointManifest(in: url)
        try manifest.verify(url)
        self.url = url
        self.step = manifest.step
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
            return try JSONDecoder.run.decode(type, from: Data(contentsOf: url))
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
public enum CheckpointError: Error, Equatable, CustomStringConvertible {
    /// A file of it is missing, cut short or changed.
    case damaged(path: String, reason: String)
    /// It is whole, but comes from another kind of run.
    case lacks(path: String, file: String)
    /// A folder has checkpoints, and all are damaged.
    case noneIntact(folder: String, count: Int)

    /// One sentence: which checkpoint, what is wrong with it, what to do.
    public var description: String {
        switch self {
        case .damaged(let path, let reason):
            "The checkpoint \(path) is damaged: \(reason)."
        case .lacks(let path, let file):
            "The checkpoint \(path) has no \(file): it comes from another kind of run."
        case .noneIntact(let folder, let count):
            "None of the \(count) checkpoints in \(folder) is intact; remove them to begin anew."
        }
    }
}
