// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
public import Training

/// Which settings a run has.
public struct RecipeSettings: Sendable {
    /// A YAML file, or the name of a bundled recipe, such as `cifar10-conditional`; nil for the job's own.
    public var recipe: String?
    /// Single settings, such as `distillation.batch=32`; later ones win.
    public var overrides: [String]

    /// Settings of a recipe, with some of them replaced.
    public init(_ recipe: String? = nil, overrides: [String] = []) {
        (self.recipe, self.overrides) = (recipe, overrides)
    }

    /// The settings, checked.
    ///
    /// - Parameter file: where they come from if no recipe is named.
    func resolved<R: Recipe>(as type: R.Type = R.self, default file: URL?) throws -> R {
        try R.resolved(from: recipe.map(DataFiles.recipe) ?? file, overrides: overrides)
    }
}

/// How a run in a folder begins, goes on and ends.
public struct RunSettings: Sendable {
    /// The run's folder.
    public var folder: URL
    /// Whether there must be a run to go on with, whose settings and files hold where nothing else is said.
    public var resumes: Bool
    /// Settings that may differ from those of the run in the folder, such as `distillation.steps`.
    public var overriding: [String]
    /// How many of the newest checkpoints stay; nil for as many as the run began with, or 2.
    public var keep: Int?
    /// Checkpoints whose step is a multiple of this stay as well; nil for what the run began with, or none.
    public var keepEvery: Int?
    /// Whether the checkpoint with the lowest score stays, too; nil for what the run began with, or not.
    public var keepBest: Bool?
    /// When to stop in any case, with a checkpoint, such as `3h30m` from now; nil sets no limit.
    public var timeLimit: TimeLimit?

    /// A run in a folder.
    public init(_ folder: String, resumes: Bool = false) {
        self.folder = URL(filePath: folder)
        self.resumes = resumes
        overriding = []
    }

    /// Sets the time limit from a text such as `90m`, `3h30m` or `1d12h`.
    ///
    /// - Throws: ``SettingError`` for something else.
    public mutating func stop(after time: String?) throws { timeLimit = try TimeLimit(text: time) }

    var runFolder: RunFolder { RunFolder(folder) }

    /// The recipe of the run that is gone on with.
    var keptRecipe: URL? { resumes ? runFolder.recipe : nil }

    /// The record of the run that is gone on with; nil for a new one.
    ///
    /// - Throws: ``KitError`` if there is no run to go on with, ``SettingError`` for numbers that cannot be, `FileError` where
    ///   nothing could be written.
    func begunRecord() throws -> RunRecord? {
        try require(("keep", keep, .counts), ("keepEvery", keepEvery, .counts))
        try requireWritable(folder: folder)
        guard resumes else { return nil }
        guard FileManager.default.fileExists(atPath: runFolder.recipe.path) else {
            throw KitError(
                "\(folder.relativePath) holds no run to go on with, since it has no recipe.yaml: check the path, or begin a "
                    + "run there.")
        }
        return try RunRecord(in: runFolder)
    }

    /// Which checkpoints stay: what is said here, else what the run began with.
    func retention(_ begun: RunRecord?) -> CheckpointRetention {
        let kept = begun?.keeping
        return CheckpointRetention(
            last: keep ?? kept?.last ?? 2, every: keepEvery ?? kept?.every,
            best: keepBest ?? kept?.best ?? false)
    }

    /// Runs to the end.
    ///
    /// - Throws: `CancellationError` or ``TimeLimitReached`` if it was stopped, once a checkpoint is written.
    func run<Work: TrainingTask>(_ run: inout Run<Work>, title: String, _ context: JobContext) throws {
        var counter: ProgressCounter?
        run.progress = { done, total, note in
            counter = counter ?? context.counter(title, total: total, done: done, unit: "step")
            counter?.update(done, note: note)
        }
        run.warn = context.warn
        run.isInterrupted = { context.isStopping }
        run.timeLimit = timeLimit
        run.overrides = overriding
        let outcome = try run.run()
        counter?.finish()
        if case .interrupted(let step) = outcome {
            context.tell(.message("Stopped after step \(step); a checkpoint is written."))
            throw context.isStopping ? CancellationError() : TimeLimitReached() as any Error
        }
    }
}

extension TimeLimit {
    /// A limit from now on, of a text such as `3h30m`; nil of nothing.
    ///
    /// - Throws: ``SettingError`` for something else.
    init?(text: String?) throws {
        guard let text else { return nil }
        guard let duration = TimeLimit.duration(text) else {
            throw SettingError("timeLimit", "is '\(text)'", "give a time such as 90m, 3h30m or 1d12h")
        }
        self.init(duration)
    }
}
