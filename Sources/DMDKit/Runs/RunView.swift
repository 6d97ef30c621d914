// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
public import Training

/// A run as somebody sees it who did not start it: its folder is read, and nothing in it is changed.
public struct RunView: Sendable {
    /// The name of the folder.
    public let name: String
    /// The folder.
    public let folder: RunFolder

    /// A look at a run.
    ///
    /// - Throws: ``KitError`` for a folder that is none.
    public init(_ url: URL) throws {
        guard Self.isRun(url) else {
            throw KitError("\(url.relativePath) is no run: it has no recipe.yaml.")
        }
        folder = RunFolder(url)
        name = url.standardizedFileURL.lastPathComponent
    }

    /// Whether a folder is that of a run.
    public static func isRun(_ url: URL) -> Bool {
        FileManager.default.fileExists(atPath: RunFolder(url).recipe.path)
    }

    /// The path of the folder, as it was given.
    public var path: String { folder.url.relativePath }

    /// The settings as YAML.
    ///
    /// - Throws: `FileError`.
    public var recipe: String {
        get throws { String(decoding: try contents(of: folder.recipe), as: UTF8.self) }
    }

    /// What the pictures of the run are called: those that it ends with, and sheets of samples by step.
    public var pictures: [String] {
        let results = ["compare.png", "samples.png"].filter {
            FileManager.default.fileExists(atPath: folder.url.appending(path: $0).path)
        }
        let sheets = ((try? names(in: folder.samples)) ?? []).filter {
            $0.wholeMatch(of: /step-\d+\.png/) != nil
        }
        return sheets.sorted() + results
    }

    /// One of the ``pictures``, as PNG.
    ///
    /// - Returns: nil for another name.
    /// - Throws: `FileError`.
    public func picture(named name: String) throws -> Data? {
        guard pictures.contains(name) else { return nil }
        let place = name.hasPrefix("step-") ? folder.samples : folder.url
        return try contents(of: place.appending(path: name))
    }

    /// Asks the process that runs here to write a checkpoint and end, as Ctrl-C does.
    ///
    /// - Returns: the number of the process.
    /// - Throws: ``KitError`` if none runs, or if it is somebody else's.
    public func stop() throws -> Int32 {
        guard let process = RunLock.process(in: folder), RunLock.isHeld(folder) else {
            throw KitError("No process runs in \(name): there is nothing to stop.")
        }
        guard kill(process, SIGTERM) == 0 else {
            throw KitError(
                "Process \(process), which runs in \(name), cannot be stopped from here: \(String(cString: strerror(errno)))."
            )
        }
        return process
    }
}
