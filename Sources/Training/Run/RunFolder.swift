// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation

/// The folder that holds all of one run.
///
/// ```
/// runs/x/recipe.yaml      the resolved recipe
///        events/          TensorBoard's event file
///        samples/         pictures made on the way
///        checkpoints/     step-000001000/, ...
///        faults/          what is known of steps that went wrong
///        log.jsonl        the scalars of the event file, one line a step
///        processes/       of each of several processes how long its steps take: 0.jsonl, ...
/// ```
public struct RunFolder: Sendable {
    /// The folder itself.
    public let url: URL

    /// Names a folder; nothing is read or made yet.
    public init(_ url: URL) {
        self.url = url
    }

    /// The recipe of the run, with every default written out.
    public var recipe: URL { url.appending(path: "recipe.yaml") }
    /// The folder of event files, to hand to TensorBoard.
    public var events: URL { url.appending(path: "events") }
    /// The folder of pictures made on the way.
    public var samples: URL { url.appending(path: "samples") }
    /// The folder of checkpoints.
    public var checkpoints: URL { url.appending(path: "checkpoints") }
    /// The folder of evidence on losses and gradients that were not finite; there is none while all is well.
    public var faults: URL { url.appending(path: "faults") }
    /// The scalars, one JSON object a line.
    public var log: URL { url.appending(path: "log.jsonl") }

    /// A process's own log, where several share the run: of each step that is logged the seconds of the steps since the last, and those of
    /// them that went to exchanges.
    public func log(ofProcess rank: Int) -> URL { url.appending(path: "processes/\(rank).jsonl") }

    /// The recipe that the run was started with.
    ///
    /// - Throws: ``RecipeError`` if there is none, or it is not one of this type.
    public func recipe<R: Recipe>(as type: R.Type = R.self) throws -> R {
        try R.resolved(from: recipe)
    }

    /// Makes the folder ready for a run of `recipe`, and keeps other processes out of it while `body` runs. A folder
    /// that already holds a run goes on with it.
    ///
    /// - Parameters:
    ///   - recipe: the settings of the run.
    ///   - overrides: the dotted keys of settings, or of whole sections, that may differ from those of the run that the
    ///     folder holds. It then goes on with the new ones.
    ///   - warn: hears of a run that was cut short, and of settings that differ.
    ///   - body: does the run.
    /// - Throws: before `body` begins, ``RunFolderError`` if another process uses the folder or its run has another
    ///   recipe, ``RecipeError`` for an override that is no key, and `FileError` if the folder cannot be written; then
    ///   whatever `body` throws.
    public func run<R: Recipe, Result>(
        _ recipe: R, overriding overrides: [String] = [], warn: (String) -> Void = { _ in },
        _ body: () throws -> Result
    ) throws -> Result {
        try recipe.checkKeys(overrides)
        try makeFolder(url)
        let lock = try RunLock(self, warn: warn)
        defer { lock.release() }
        if FileManager.default.fileExists(atPath: self.recipe.path) {
            try check(recipe, overriding: overrides, warn: warn)
        } else {
            try writeAtomically(Data(recipe.yaml().utf8), to: self.recipe)
        }
        for folder in [events, samples, checkpoints] {
            try makeFolder(folder)
        }
        return try body()
    }

    private func check<R: Recipe>(_ recipe: R, overriding overrides: [String], warn: (String) -> Void) throws
    {
        let differences = try self.recipe(as: R.self).differences(from: recipe)
        guard !differences.isEmpty else { return }
        let foreign = differences.filter { difference in
            !overrides.contains { difference.key == $0 || difference.key.hasPrefix("\($0).") }
        }
        func texts(_ differences: [(key: String, here: String, there: String)]) -> [String] {
            differences.map { "`\($0.key)` is \($0.here) there and \($0.there) now" }
        }
        guard foreign.isEmpty else {
            throw RunFolderError.otherRecipe(folder: url.relativePath, differences: texts(foreign))
        }
        try writeAtomically(Data(recipe.yaml().utf8), to: self.recipe)
        warn(
            "\(url.relativePath) goes on with other settings: \(texts(differences).joined(separator: ", ")).")
    }
}

/// Why a folder cannot take a run.
public enum RunFolderError: LocalizedError, Equatable, CustomStringConvertible {
    /// Another process runs there.
    case inUse(folder: String, process: String)
    /// The folder holds a run with other settings.
    case otherRecipe(folder: String, differences: [String])

    /// One sentence: which folder, what is wrong, what to do.
    public var description: String {
        switch self {
        case .inUse(let folder, let process):
            "\(folder) is in use by process \(process); wait for it, stop it, or choose another folder."
        case .otherRecipe(let folder, let differences):
            "\(folder) holds a run with another recipe, where \(differences.joined(separator: ", ")); "
                + "go on with those settings, override these keys, or choose another folder."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
