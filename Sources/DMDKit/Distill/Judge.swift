// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import Images

/// One feature space in which a finished generator is judged, beside its teacher and beside real images.
struct Judge {
    /// What figures call the space.
    let title: String
    let fidelity: Fidelity
    /// Images of the same source as those measured against, but others: no generator is expected to be nearer.
    let floor: ImageSource?

    /// The generator's scores, those of the teacher and of real images in their notes.
    func figures(
        of generator: ImageSource, teacher: ImageSource?, _ context: JobContext
    ) throws -> [Figure] {
        func scores(_ source: ImageSource, _ whose: String) throws -> [NamedScore] {
            try fidelity.scores(of: source, title: "\(whose) on \(title)", context)
        }
        let ours = try scores(generator, "generator")
        let theirs = try teacher.map { try scores($0, "teacher") }
        let real = try floor.map { try scores($0, "real images") }
        var figures = ours.enumerated().map { index, score in
            let others = [
                theirs.map { "the teacher's: \($0[index].text)" },
                real.map { "real images': \($0[index].text)" },
                score.name.hint,
            ]
            return Figure(
                name: "\(score.name.title(isFID: false)), \(title)", value: score.text,
                note: others.compactMap(\.self).joined(separator: "; "))
        }
        if let theirs {
            figures.insert(
                Figure(
                    name: "Ratio of the Frechet distances, \(title)",
                    value: String(format: "%.2f", ours[0].value / theirs[0].value),
                    note: "\(generator.count.formatted()) images each; not FID"), at: 1)
        }
        return figures
    }
}
