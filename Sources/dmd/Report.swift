// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import ArgumentParser
import DMDKit
import Foundation

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Put a run, or several beside each other, on one page to share.",
        discussion: """
            The page has figures, pictures with a slider between teacher and generator, curves, and settings: of several \
            runs in common charts, with a table of the settings that differ. It reads what the runs have written, while they \
            go on as well. A distillation makes such a page of itself when it ends.
            """)

    @Argument(help: "Folders of runs.")
    var runs: [Path]

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Cards of dmd evaluate to show.", valueName: "card"))
    var cards: [Path] = []

    @Option(
        help: """
            What curves are drawn over: steps, images or minutes (default: images with the Frechet distance, else steps).
            """)
    var over: ChartAxis?

    @Option(help: "The page to write (default: report.html, in the run's folder if there is one run).")
    var out: Path?

    @Option(help: "A folder for each chart as SVG and each picture as PNG, for a paper.")
    var figures: Path?

    func run() async throws {
        let job = MakeReport(
            runs.map(\.url), cards: cards.map(\.url), axis: over, out: out?.url, figures: figures?.url)
        let made = try await Terminal.run(job)
        print("The page is \(made.page.relativePath).")
        if let figures { print("\(made.figures.count) figures are in \(figures).") }
    }
}

extension ChartAxis: ExpressibleByArgument {}
