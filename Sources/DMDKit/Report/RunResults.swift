// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import Images
import Training

/// `results.json` of a finished run: what was measured, and the words around it.
struct RunResults: Codable {
    var title: String
    var summary: String
    var teacherEvaluations: Int
    var generatorEvaluations: Int
    var figures: [Figure]

    private static func url(in folder: RunFolder) -> URL { folder.url.appending(path: "results.json") }

    /// Reads those of a run; nil where it has none yet.
    init?(in folder: RunFolder) throws {
        let url = Self.url(in: folder)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        guard let found = try? JSONDecoder.file.decode(Self.self, from: contents(of: url)) else {
            throw KitError(
                "\(url.relativePath) is damaged: remove it, and the run's own command measures again.")
        }
        self = found
    }

    init(
        title: String, summary: String, teacherEvaluations: Int, generatorEvaluations: Int, figures: [Figure]
    ) {
        (self.title, self.summary, self.figures) = (title, summary, figures)
        (self.teacherEvaluations, self.generatorEvaluations) = (teacherEvaluations, generatorEvaluations)
    }

    func write(in folder: RunFolder) throws {
        try writeAtomically(JSONEncoder.file.encode(self) + Data("\n".utf8), to: Self.url(in: folder))
    }
}

/// A sheet of the teacher's images and one of the generator's of the same noise, `teacher.png` and `generator.png` of a run.
struct SameNoise {
    let teacher: Data
    let generator: Data

    /// Reads those of a run; nil where it has none yet.
    init?(in folder: RunFolder) throws {
        let files = Self.files(in: folder)
        guard files.allSatisfy({ FileManager.default.fileExists(atPath: $0.path) }) else { return nil }
        (teacher, generator) = (try contents(of: files[0]), try contents(of: files[1]))
    }

    static func write(teacher: Image, generator: Image, in folder: RunFolder) throws {
        let files = files(in: folder)
        try teacher.write(to: files[0])
        try generator.write(to: files[1])
    }

    private static func files(in folder: RunFolder) -> [URL] {
        ["teacher.png", "generator.png"].map { folder.url.appending(path: $0) }
    }
}
