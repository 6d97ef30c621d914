// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Distillation
import Evaluation
import Files
public import Foundation
import Training

/// Puts what is known of runs on one page: figures, evaluations, pictures, curves and settings. It reads folders of runs, while
/// they go on as well, and computes nothing.
public struct MakeReport: Job {
    /// The folders of the runs: one, or several to compare.
    public var runs: [URL]
    /// Cards of ``Evaluate`` to show.
    public var cards: [URL]
    /// What curves are drawn over; nil for images with the distance, and steps with all others.
    public var axis: ChartAxis?
    /// The page; nil for `report.html`, in the folder of one run, and in the current folder for several.
    public var out: URL?
    /// A folder for each chart as SVG and each picture as PNG; nil for none.
    public var figures: URL?
    /// Where it computes.
    public var compute: ComputeSettings { .cpu }

    /// A page about runs; see the properties.
    public init(
        _ runs: [URL], cards: [URL] = [], axis: ChartAxis? = nil, out: URL? = nil, figures: URL? = nil
    ) {
        (self.runs, self.cards, self.axis, self.out, self.figures) = (runs, cards, axis, out, figures)
    }

    /// What was written.
    public struct Output: Sendable {
        /// The page.
        public let page: URL
        /// Charts and pictures, where a folder was named.
        public let figures: [URL]
    }

    /// Reads, and writes.
    ///
    /// - Throws: ``SettingError`` without a run, ``KitError`` for a folder that is no run or has logged nothing, `CardError`,
    ///   `FileError`.
    public func run(in context: JobContext) throws -> Output { try write() }

    func write() throws -> Output {
        guard !runs.isEmpty else {
            throw SettingError("runs", "is empty", "name the folder of a run, or of several")
        }
        let views = try runs.map(RunView.init)
        let names = names(of: views)
        let logs = try zip(views, names).map { try $0.logged(as: $1) }
        let report = Report(
            runs: try zip(views, names).map { try $0.reported(as: $1) },
            charts: ChartGuide.distillation.compactMap { $0.chart(of: logs, over: axis) },
            cards: try cards.map { ($0.relativePath, try Card(contentsOf: $0)) })
        let page =
            out ?? (runs.count == 1 ? runs[0].appending(path: "report.html") : URL(filePath: "report.html"))
        try makeFolder(page.deletingLastPathComponent())
        try writeAtomically(Data(report.html().utf8), to: page)
        return Output(page: page, figures: try figures.map { try write(report, into: $0) } ?? [])
    }

    /// The last parts of the paths, or, where two are the same, the paths as they were given.
    private func names(of views: [RunView]) -> [String] {
        let short = views.map(\.name)
        return Set(short).count == short.count ? short : views.map(\.path)
    }

    private func write(_ report: Report, into folder: URL) throws -> [URL] {
        try makeFolder(folder)
        var written: [URL] = []
        func write(_ data: Data, _ name: String) throws {
            let file = folder.appending(path: name)
            try writeAtomically(data, to: file)
            written.append(file)
        }
        for chart in report.charts {
            let name = chart.title.lowercased().filter { $0 != "'" }.replacingOccurrences(of: " ", with: "-")
            try write(Data(chart.file().utf8), "\(name).svg")
        }
        for run in report.runs {
            let prefix = report.runs.count == 1 ? "" : run.name.replacingOccurrences(of: "/", with: "-") + "-"
            if let pair = run.sameNoise {
                try write(pair.teacher, "\(prefix)teacher.png")
                try write(pair.generator, "\(prefix)generator.png")
            }
            if let samples = run.samples { try write(samples, "\(prefix)samples.png") }
        }
        return written
    }
}

extension RunView {
    fileprivate func logged(as name: String) throws -> LoggedRun {
        guard FileManager.default.fileExists(atPath: folder.log.path) else {
            throw KitError("\(path) has logged nothing yet: come back when it has made some steps.")
        }
        let batch =
            (try? folder.recipe(as: DistillRecipe.self).distillation.batch)
            ?? (try? folder.recipe(as: TeacherRecipe.self).batch)
        return LoggedRun(name: name, lines: try ScalarLog.lines(of: folder.log), batch: batch ?? 1)
    }

    fileprivate func reported(as name: String) throws -> ReportedRun {
        let (results, status) = (try RunResults(in: folder), status())
        let steps = status.total.map { "step \(status.step.formatted()) of \($0.formatted())" }
        let standing = "\(status.state.rawValue), \(steps ?? "step \(status.step.formatted())")"
        let settings =
            (try? folder.recipe(as: DistillRecipe.self).settings)
            ?? (try? folder.recipe(as: TeacherRecipe.self).settings)
        let samples = try pictures.contains("samples.png") ? picture(named: "samples.png") : lastSheet()
        return ReportedRun(
            name: name, title: results?.title ?? name, summary: results?.summary ?? "The run is \(standing).",
            standing: standing, figures: results?.figures ?? [], sameNoise: try SameNoise(in: folder),
            sameNoiseCaption: results.map {
                """
                Left of the bar the teacher's images (evaluations for each: \($0.teacherEvaluations)), right of it the \
                generator's of the same noise (\($0.generatorEvaluations)).
                """
            } ?? "Left of the bar the teacher's images, right of it the generator's of the same noise.",
            samples: samples, settings: settings ?? [], recipe: try recipe)
    }

    private func lastSheet() throws -> Data? {
        try pictures.last { $0.hasPrefix("step-") }.flatMap { try picture(named: $0) }
    }
}
