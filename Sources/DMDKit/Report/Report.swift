// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation

/// One figure that was measured.
public struct Figure: Codable, Sendable {
    /// What was measured.
    public let name: String
    /// The value, with its unit.
    public let value: String
    /// How to take it; may be empty.
    public let note: String
}

/// A page about a run, or several beside each other, one file that holds all it shows. What came out stands first, then how it
/// looks, how it went, and what it takes to do it again.
struct Report {
    /// The runs, in the order of their colours.
    var runs: [ReportedRun]
    /// The curves, as ``ChartGuide`` makes them of the logs.
    var charts: [LineChart]
    /// Evaluations, each under the name of its file.
    var cards: [(name: String, card: Card)]

    /// The page. Parts that are empty are left out.
    func html() -> String {
        page(
            title: title,
            """
            <h1>\(title)</h1>
            <p>\(summary)</p>
            \(section("Figures", figures))
            \(section("Evaluations", cards.map { $0.card.markup(name: $0.name) }))
            \(section("Pictures", runs.flatMap { $0.pictures(isAlone: runs.count == 1) }))
            \(section("Curves", charts.map(\.markup)))
            \(section("Recipe", [differences].compactMap(\.self) + runs.map { $0.settingsMarkup(isAlone: runs.count == 1) }))
            """
        ).source
    }

    private var title: String { runs.count == 1 ? runs[0].title : "\(runs.count) runs" }

    private var summary: String {
        runs.count == 1
            ? runs[0].summary : runs.map { "\($0.name): \($0.standing)" }.joined(separator: "; ") + "."
    }

    /// Items under a heading, which also names their style; nothing where there are none.
    private func section(_ heading: String, _ items: [HTML]) -> HTML {
        guard !items.isEmpty else { return "" }
        return """
            <section>
            <h2>\(heading)</h2>
            <div class="\(heading.lowercased())">
            \(items)
            </div>
            </section>
            """
    }

    /// Of one run a line for each figure with its note; of several, their values side by side.
    private var figures: [HTML] {
        let all = runs.flatMap(\.figures)
        guard !all.isEmpty else { return [] }
        guard runs.count > 1 else {
            return [
                htmlTable(
                    all.map { figure in
                        """
                        <th scope="row">\(figure.name)</th>
                        <td class="value">\(figure.value)</td><td class="note">\(figure.note)</td>
                        """
                    })
            ]
        }
        let names = all.map(\.name).uniqued()
        return [
            sideBySide(names) { run, name in run.figures.first { $0.name == name }?.value ?? "" }
        ]
    }

    /// The settings that not all runs share.
    private var differences: HTML? {
        let keys = runs.flatMap { $0.settings.map(\.key) }.uniqued()
        func text(_ run: ReportedRun, _ key: String) -> String {
            run.settings.first { $0.key == key }?.text ?? ""
        }
        let different = keys.filter { key in Set(runs.map { text($0, key) }).count > 1 }
        return different.isEmpty ? nil : sideBySide(different, value: text)
    }

    /// A row for each name, a column for each run.
    private func sideBySide(_ names: [String], value: (ReportedRun, String) -> String) -> HTML {
        let heads = runs.map { run -> HTML in #"<th scope="col">\#(run.name)</th>"# }
        let rows = names.map { name -> HTML in
            let values = runs.map { run -> HTML in #"<td class="value">\#(value(run, name))</td>"# }
            return """
                <th scope="row">\(name)</th>
                \(values)
                """
        }
        return htmlTable(["<td></td>\(heads)"] + rows)
    }
}

/// A run on the page.
struct ReportedRun {
    var name: String
    /// What the page is called where it shows this run alone.
    var title: String
    /// A paragraph of plain text: what was done, and what came out.
    var summary: String
    /// How far it came, in a few words.
    var standing: String
    var figures: [Figure]
    /// Nil while there are none.
    var sameNoise: SameNoise?
    /// What is told under them.
    var sameNoiseCaption: String
    /// Images of the generator; nil while there are none.
    var samples: Data?
    /// All settings by their keys.
    var settings: [(key: String, text: String)]
    /// The settings as YAML.
    var recipe: String

    fileprivate func pictures(isAlone: Bool) -> [HTML] {
        func title(_ text: String) -> String { isAlone ? text : "\(name): \(text.lowercased())" }
        var items: [HTML] = []
        if let sameNoise { items.append(slider(title("The same noise"), sameNoise)) }
        if let samples {
            items.append(
                """
                <figure>
                <h3>\(title("Samples"))</h3>
                <img src="\(source(samples))" alt="\(title("Samples"))">
                <figcaption>Images of the generator, not selected.</figcaption>
                </figure>
                """)
        }
        return items
    }

    private func slider(_ title: String, _ pictures: SameNoise) -> HTML {
        """
        <figure>
        <h3>\(title)</h3>
        <div class="slider" style="--at: 50%">
        <div class="pair">
        <img src="\(source(pictures.teacher))" alt="The teacher's images">
        <img class="above" src="\(source(pictures.generator))" alt="The generator's images of the same noise">
        </div>
        <input type="range" min="0" max="100" step="0.5" value="50" aria-label="How much is the teacher's, in percent of the width" \
        oninput="this.parentNode.style.setProperty('--at', this.value + '%')">
        </div>
        <figcaption>\(sameNoiseCaption)</figcaption>
        </figure>
        """
    }

    private func source(_ png: Data) -> HTML {
        HTML(markup: "data:image/png;base64,\(png.base64EncodedString())")
    }

    fileprivate func settingsMarkup(isAlone: Bool) -> HTML {
        """
        <details>
        <summary>\(isAlone ? "All settings of the run" : "All settings of \(name)")</summary>
        <pre>\(recipe)</pre>
        </details>
        """
    }
}

extension Card {
    /// The scores, and what they are of.
    fileprivate func markup(name: String) -> HTML {
        let rows = scores.map { score -> HTML in
            """
            <th scope="row">\(score.name.title(isFID: features.isFID))</th>
            <td class="value">\(score.text)</td><td class="note">\(score.name.hint)</td>
            """
        }
        let sums =
            [(subject.path, subject.sha256), (reference.path, reference.sha256)]
            + [(features.path, features.sha256)]
        let items = sums.map { path, sum -> HTML in "<li>\(path): <code>\(sum)</code></li>" }
        return """
            <figure>
            <h3>\(name)</h3>
            <p>\("\(subject)") against \("\(reference)"), features of \("\(features.kind)").</p>
            \(htmlTable(rows))
            <details>
            <summary>What it takes to measure this again</summary>
            <p>Version \(program), libtorch \(libtorch), on \(device); seeds \(seeds.map { "\($0)" }.joined(separator: ", ")). SHA-256 sums:</p>
            <ul>
            \(items)
            </ul>
            <p><code>dmd verify \(name)</code> does so.</p>
            </details>
            </figure>
            """
    }
}

extension LineChart {
    fileprivate var markup: HTML {
        """
        <figure>
        <h3>\(title)</h3>
        \(HTML(markup: svg()))
        <figcaption>\(caption)</figcaption>
        </figure>
        """
    }
}

/// Rows of cells as a table, which scrolls where it is wider than the screen.
private func htmlTable(_ rows: [HTML]) -> HTML {
    let rows = rows.map { row -> HTML in "<tr>\(row)</tr>" }
    return """
        <div class="scroll"><table>
        \(rows)
        </table></div>
        """
}

extension [String] {
    /// Each once, where it comes first.
    fileprivate func uniqued() -> [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
