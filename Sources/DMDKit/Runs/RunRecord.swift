// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import Images
import Torch
import Training

/// `run.json`: what a run was begun with, beside its recipe.
struct RunRecord: Codable, Equatable {
    /// The files and folders that were named, by setting: as absolute paths, and relative ones within the run's folder.
    var paths: [String: String] = [:]
    /// The column of the prompts, if one was named.
    var promptColumn: String?
    /// What a text-to-image teacher is sampled by in the place of its own sampler.
    var sampler: String?
    /// The variant of the weights of a text-to-image teacher, where one was named.
    var variant: String?
    /// The threads on the CPU, in all processes together, on whose number the last bits of the result depend.
    var threads: Int
    /// Which checkpoints stay.
    var keeping: CheckpointRetention?
    /// What must be the same to go on, by what it is.
    var inputs: [String: String] = [:]

    private static func url(in folder: RunFolder) -> URL { folder.url.appending(path: "run.json") }

    init(_ processes: Communicator, keeping: CheckpointRetention) {
        threads = LibTorch.threads * processes.count
        self.keeping = keeping
    }

    /// Reads the record of a folder; nil if there is none.
    init?(in folder: RunFolder) throws {
        let url = Self.url(in: folder)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        guard let found = try? JSONDecoder.file.decode(RunRecord.self, from: Data(contentsOf: url)) else {
            throw KitError(
                "\(url.relativePath) is damaged: remove it, and name the run's files again to go on.")
        }
        self = found
    }

    /// Notes a path, or a pattern of paths, that was named.
    mutating func note(_ file: URL?, as setting: String, in folder: RunFolder) {
        guard let file else { return }
        let (inner, outer) = (file.standardizedFileURL.path, folder.url.standardizedFileURL.path + "/")
        paths[setting] = inner.hasPrefix(outer) ? String(inner.dropFirst(outer.count)) : inner
    }

    /// The file that was named, where it is now.
    ///
    /// - Throws: ``KitError`` if nothing is there any more.
    func path(_ setting: String, in folder: RunFolder) throws -> URL? {
        guard let path = paths[setting] else { return nil }
        let place = path.hasPrefix("/") ? path : folder.url.appending(path: path).path
        guard expandingBraces(place).allSatisfy(FileManager.default.fileExists) else {
            throw SettingError(
                setting, "was \(place) when the run began, which is not there any more", "name its new place")
        }
        return URL(filePath: place)
    }

    /// Keeps the record with a new run, or compares it with that of the run that the folder holds.
    ///
    /// - Throws: ``KitError`` if the run was begun with other inputs.
    func begin(in folder: RunFolder, _ context: JobContext) throws {
        guard let begun = try RunRecord(in: folder) else {
            try makeFolder(folder.url)
            return try writeAtomically(JSONEncoder.file.encode(self), to: Self.url(in: folder))
        }
        for (what, value) in begun.inputs.sorted(by: { $0.key < $1.key }) where inputs[what] != value {
            throw KitError(
                "\(folder.url.relativePath) holds a run with another \(what), \(value) instead of "
                    + "\(inputs[what] ?? "none"): name that one, or choose another folder.")
        }
        if begun.threads != threads {
            context.warn(
                "The run was begun with \(begun.threads) threads and goes on with \(threads), which changes the last bits of "
                    + "its numbers.")
        }
        if begun.keeping != keeping {
            var updated = begun
            updated.keeping = keeping
            try writeAtomically(JSONEncoder.file.encode(updated), to: Self.url(in: folder))
        }
    }

    /// Keeps a sheet of samples with the run, and shows it in TensorBoard.
    func keep(_ sheet: Image, step: Int, in folder: RunFolder, _ log: MetricLog, _ context: JobContext) throws
    {
        let file = folder.samples.appending(path: String(format: "step-%09d.png", step))
        try sheet.write(to: file)
        try log.record(
            step: step, tag: "samples", image: sheet.pngData(), width: sheet.width, height: sheet.height)
        context.tell(.picture(step: step, file))
    }
}
