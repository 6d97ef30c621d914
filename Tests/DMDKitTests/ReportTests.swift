// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Distillation
import Foundation
import Images
import TestSupport
import Testing
import Training

@Suite("Reports of runs")
struct ReportTests {
    /// The folder of a run of `steps` of 4 images, of which 2 are made in a second; its distance falls from 8 by a half each step.
    @discardableResult
    private func run(_ name: String, steps: Int, in parent: URL, learningRate: Double = 1e-4) throws -> URL {
        let folder = RunFolder(parent.appending(path: name))
        try FileManager.default.createDirectory(
            at: folder.samples, withIntermediateDirectories: true)
        var recipe = DistillRecipe()
        (recipe.distillation.batch, recipe.distillation.steps) = (4, steps)
        recipe.distillation.learningRate = learningRate
        try Data(recipe.yaml().utf8).write(to: folder.recipe)
        var lines: [String] = []
        for step in 1...steps {
            lines.append(
                #"{"step":\#(step),"time":\#(step),"values":{"images_per_second":2,"loss/regression":\#(1 / Double(step))}}"#
            )
            lines.append(
                #"{"step":\#(step),"time":\#(step),"values":{"distance/frechet":\#(8 * pow(0.5, Double(step)))}}"#
            )
        }
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: folder.log)
        try Image(width: 2, height: 2, channels: 1, pixels: [0, 85, 170, 255]).write(
            to: folder.samples.appending(path: "step-000000002.png"))
        return folder.url
    }

    private func page(_ job: MakeReport) async throws -> String {
        String(decoding: try Data(contentsOf: try await job.result().page), as: UTF8.self)
    }

    /// The places of the curve of a colour, in the order of the points.
    private func places(_ colour: Int, in svg: String) throws -> [(x: Double, y: Double)] {
        let line = try #require(
            svg.firstMatch(of: try Regex("series-\(colour) dash-0\" points=\"([^\"]*)\"")))
        return try #require(line.output[1].substring).split(separator: " ").map { point in
            let parts = point.split(separator: ",").compactMap { Double($0) }
            return (parts[0], parts[1])
        }
    }

    @Test("a run that goes on is on a page in its own folder, with its curves and last pictures")
    func single() async throws {
        try await withTemporaryFolder { folder in
            let run = try run("one", steps: 4, in: folder)
            let made = try await MakeReport([run]).result()
            #expect(made.page.path == run.appending(path: "report.html").path && made.figures.isEmpty)
            let html = String(decoding: try Data(contentsOf: made.page), as: UTF8.self)
            #expect(html.contains("<h3>Frechet distance</h3>") && html.contains("<h3>Regression loss</h3>"))
            #expect(html.contains("data:image/png;base64,") && html.contains("images seen"))
            #expect(!html.contains("Figures</h2>"), "nothing was measured yet")
        }
    }

    @Test("several runs share charts over minutes of training, and show the settings that differ alone")
    func comparison() async throws {
        try await withTemporaryFolder { folder in
            let runs = [
                try run("slow", steps: 3, in: folder),
                try run("fast", steps: 5, in: folder, learningRate: 2e-4),
            ]
            let job = MakeReport(
                runs, axis: .minutes, out: folder.appending(path: "all/report.html"),
                figures: folder.appending(path: "figures"))
            let html = try await page(job)
            #expect(
                html.contains(">distillation.learningRate</th>") && html.contains(">distillation.steps</th>"))
            #expect(!html.contains(">distillation.batch</th>"))
            let svg = try String(
                contentsOf: folder.appending(path: "figures/frechet-distance.svg"), encoding: .utf8)
            #expect(svg.contains("minutes of training") && svg.hasPrefix("<svg ") && !svg.contains("var("))
            let (slow, fast) = (try places(0, in: svg), try places(1, in: svg))
            #expect(slow.count == 3 && fast.count == 5)
            // Steps of 4 images at 2 a second are evenly spaced, halves on a logarithmic axis too, and both runs agree.
            for (one, other) in zip(slow, fast) { #expect(one.x == other.x && one.y == other.y) }
            for (one, next) in zip(fast, fast.dropFirst()) {
                #expect(abs(next.x - one.x - (fast[1].x - fast[0].x)) < 0.25)
                #expect(abs(next.y - one.y - (fast[1].y - fast[0].y)) < 0.25 && next.y > one.y)
            }
            let names = try folder.appending(path: "figures").contents
            #expect(names.contains("slow-samples.png") && names.contains("fast-samples.png"), "\(names)")
        }
    }

    @Test("runs of the same name are told apart by their paths")
    func sameNames() async throws {
        try await withTemporaryFolder { folder in
            let runs = [
                try run("a/run", steps: 2, in: folder), try run("b/run", steps: 2, in: folder),
            ]
            let html = try await page(MakeReport(runs, out: folder.appending(path: "report.html")))
            #expect(html.contains("a/run</th>") || html.contains("a/run</text>"))
        }
    }

    @Test("text of a run's name cannot become markup")
    func markup() async throws {
        try await withTemporaryFolder { folder in
            let runs = [
                try run("<b>", steps: 2, in: folder), try run("\"&", steps: 2, in: folder),
            ]
            let html = try await page(MakeReport(runs, out: folder.appending(path: "report.html")))
            #expect(!html.contains("<b>") && html.contains("&lt;b&gt;") && html.contains("&quot;&amp;"))
        }
    }

    @Test("a folder without a run, an empty log, damaged results and no run at all are one sentence")
    func faults() async throws {
        try await withTemporaryFolder { folder in
            let run = try run("one", steps: 2, in: folder)
            await #expect(throws: SettingError.self) { try await MakeReport([]).result() }
            await #expect(throws: KitError.self) { try await MakeReport([folder]).result() }
            await #expect(throws: (any Error).self) {
                try await MakeReport([run], cards: [run.appending(path: "recipe.yaml")]).result()
            }
            try Data("{".utf8).write(to: run.appending(path: "results.json"))
            await #expect(throws: KitError.self) { try await MakeReport([run]).result() }
            try FileManager.default.removeItem(at: run.appending(path: "results.json"))
            try FileManager.default.removeItem(at: run.appending(path: "log.jsonl"))
            await #expect(throws: KitError.self) { try await MakeReport([run]).result() }
            #expect(!FileManager.default.fileExists(atPath: run.appending(path: "report.html").path))
        }
    }
}
