// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Evaluation
import Files
import Foundation
import Images
import Torch
import Training

/// What a finished distillation leaves to look at: `samples.png`, `compare.png`, its halves `teacher.png` and `generator.png`,
/// `results.json` and `report.html`.
struct DistillResults<Model: TeacherModel> {
    let settings: DistillRecipe
    let folder: RunFolder
    let model: Model
    let generator: Generator<Model.Network.Replica>
    let pairs: PairSet?
    let judges: [Judge]
    /// Nil where another distance was in its place.
    let lpips: LPIPS?
    let device: Device
    let context: JobContext

    private var few: ImageMaker { model.imageMaker(generator, seed: settings.distillation.seed) }
    private var many: ImageMaker {
        model.imageMaker(steps: settings.teacherSteps, seed: settings.distillation.seed)
    }

    /// Measures, writes all files, and returns the figures.
    func write() throws -> [Figure] {
        try few.sheet().write(to: folder.url.appending(path: "samples.png"))
        try writeComparison()
        let figures = try figures()
        let results = RunResults(
            title: few.evaluations == 1 ? "A one-step generator" : "A generator of \(few.evaluations) steps",
            summary: """
                A teacher that needs \(many.evaluations) evaluations of its network for an image was distilled into a \
                generator that needs \(few.evaluations), by Distribution Matching Distillation (arXiv 2311.18828).
                """,
            teacherEvaluations: many.evaluations, generatorEvaluations: few.evaluations, figures: figures)
        try results.write(in: folder)
        _ = try MakeReport([folder.url]).write()
        return figures
    }

    /// The teacher's images and the generator's of the same noise: in turn a row of each, and a sheet of each.
    private func writeComparison() throws {
        let isSmall = few.batch == 64
        let columns = max(isSmall ? 10 : 4, few.classCount)
        let rows = isSmall ? 3 : 1
        let teachers = try many.images(rows * columns)
        let generators = try few.images(rows * columns)
        let scale = enlargement(of: teachers)
        let cells = (0..<rows).flatMap { row in
            let range = row * columns..<(row + 1) * columns
            return Array(teachers[range]) + Array(generators[range])
        }
        let labels = (0..<rows).flatMap { _ in ["\(many.evaluations)", "\(few.evaluations)"] }
        try Grid(columns: columns, scale: scale, rowLabels: labels).compose(cells)
            .write(to: folder.url.appending(path: "compare.png"))
        let sheet = Grid(columns: columns, scale: scale)
        try SameNoise.write(
            teacher: sheet.compose(teachers), generator: sheet.compose(generators), in: folder)
    }

    private func figures() throws -> [Figure] {
        var figures = try scores()
        if let lpips {
            let same = NamedScore(.sameNoiseLPIPS, try sameNoiseDistance(few, many, lpips))
            figures.append(
                Figure(
                    name: same.name.title(isFID: false), value: same.text,
                    note: "to the teacher's images, 200 that are not among the pairs"))
        }
        let (fast, slow) = (imagesPerSecond(few, batches: 8), imagesPerSecond(many, batches: 1))
        figures += [
            Figure(
                name: "Images a second, generator", value: String(format: "%.0f", fast),
                note: "evaluations for an image: \(few.evaluations)"),
            Figure(
                name: "Images a second, teacher", value: String(format: "%.1f", slow),
                note: "evaluations for an image: \(many.evaluations)"),
            Figure(name: "Speed-up", value: String(format: "%.1f", fast / slow), note: ""),
        ]
        let log = LoggedRun(
            name: "", lines: try ScalarLog.lines(of: folder.log), batch: settings.distillation.batch)
        if log.duration > 0 {
            figures.append(
                Figure(
                    name: "Minutes of distillation", value: String(format: "%.1f", log.duration),
                    note: "without making the pairs"))
        }
        return figures
    }

    /// In each space, of the generator and of as many of the pairs' images, which are the teacher's.
    private func scores() throws -> [Figure] {
        let count = min(10_000, pairs?.description.count ?? 10_000)
        let ours = ImageSource(few, count: count)
        let theirs = pairs.map { pairs in
            ImageSource(count: count, shape: model.imageShape) { numbers in
                model.images(
                    of: try pairs.pairs(at: numbers[0]..<numbers[0] + numbers.count, device: device).images)
            }
        }
        return try judges.flatMap { try $0.figures(of: ours, teacher: theirs, context) }
    }

    private func imagesPerSecond(_ images: ImageMaker, batches: Int) -> Double {
        let batch = images.batch
        _ = images(0..<batch)
        let start = ContinuousClock.now
        for number in 0..<batches { _ = images(number * batch..<(number + 1) * batch) }
        return Double(batches * batch) / ((ContinuousClock.now - start) / .seconds(1))
    }
}
