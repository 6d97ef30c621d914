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

/// What a finished distillation leaves to look at: `samples.png`, `compare.png` and `report.html`.
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
        let (samples, comparison) = (try few.sheet(), try comparison())
        try samples.write(to: folder.url.appending(path: "samples.png"))
        try comparison.write(to: folder.url.appending(path: "compare.png"))
        let figures = try figures()
        let report = Report(
            title: few.evaluations == 1 ? "A one-step generator" : "A generator of \(few.evaluations) steps",
            summary: """
                A teacher that needs \(many.evaluations) evaluations of its network for an image was distilled into a \
                generator that needs \(few.evaluations), by Distribution Matching Distillation (arXiv 2311.18828).
                """,
            figures: figures,
            pictures: [
                ReportPicture(
                    title: "The same noise",
                    caption: "In turn, a row of the teacher's images and the generator's.",
                    png: try comparison.pngData()),
                ReportPicture(
                    title: "Samples", caption: "Images of the generator, not selected.",
                    png: try samples.pngData()),
            ],
            charts: charts(
                of: try ScalarLog.lines(of: folder.log), batch: settings.distillation.batch),
            recipe: try settings.yaml())
        try writeAtomically(Data(report.html().utf8), to: folder.url.appending(path: "report.html"))
        return figures
    }

    /// The teacher's images above the generator's of the same noise.
    private func comparison() throws -> Image {
        let isSmall = few.batch == 64
        let columns = max(isSmall ? 10 : 4, few.classCount)
        let rows = isSmall ? 3 : 1
        let teachers = try many.images(rows * columns)
        let generators = try few.images(rows * columns)
        let cells = (0..<rows).flatMap { row in
            let range = row * columns..<(row + 1) * columns
            return Array(teachers[range]) + Array(generators[range])
        }
        let labels = (0..<rows).flatMap { _ in ["\(many.evaluations)", "\(few.evaluations)"] }
        return Grid(columns: columns, scale: enlargement(of: cells), rowLabels: labels).compose(cells)
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
        if let minutes = try trainingMinutes() {
            figures.append(
                Figure(
                    name: "Minutes of distillation", value: String(format: "%.1f", minutes),
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

    /// The time that the logged steps took, pauses between two parts of the run left out.
    private func trainingMinutes() throws -> Double? {
        let rates = try ScalarLog.lines(of: folder.log).compactMap { $0.values["images_per_second"] }
        guard !rates.isEmpty else { return nil }
        let secondsPerImage = rates.reduce(0) { $0 + 1 / $1 } / Double(rates.count)
        return secondsPerImage * Double(settings.distillation.steps * settings.distillation.batch) / 60
    }
}
