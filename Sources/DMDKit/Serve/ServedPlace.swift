// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation

/// What there is at a path that is to be shown.
public enum ServedPlace: Sendable {
    /// A file of weights, or a folder of Stable Diffusion.
    case model
    /// A run, or the runs of a folder, in the order of their names.
    case runs([RunView])

    /// Looks what is there.
    ///
    /// - Throws: ``KitError`` for nothing, and for something else.
    public init(_ url: URL) throws {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw KitError(
                "\(url.relativePath) does not exist: name a file of weights, a model's folder or a run's.")
        }
        guard isFolder(url) else {
            self = .model
            return
        }
        if FileManager.default.fileExists(atPath: url.appending(path: "model_index.json").path) {
            self = .model
        } else if RunView.isRun(url) {
            self = .runs([try RunView(url)])
        } else {
            let runs = try names(in: url).sorted().map { url.appending(path: $0) }.filter(RunView.isRun)
            guard !runs.isEmpty else {
                throw KitError(
                    "\(url.relativePath) is neither a model's folder nor a run's, and holds no run: it has no "
                        + "model_index.json and no recipe.yaml.")
            }
            self = .runs(try runs.map(RunView.init))
        }
    }
}
