// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// One figure that was measured.
public struct Figure: Sendable {
    /// What was measured.
    public let name: String
    /// The value, with its unit.
    public let value: String
    /// How to take it; may be empty.
    public let note: String
}

/// A picture of a report.
struct ReportPicture {
    /// What it shows, in a few words.
    let title: String
    /// How to look at it.
    let caption: String
    /// The PNG file.
    let png: Data
}

/// The page that a distillation leaves in its run's folder, one file that holds all it shows. What came out
/// stands first, then how it looks, how it went, and what it takes to do it again.
struct Report {
    /// The page's title.
    var title: String
    /// A paragraph of plain text: what was done, and what came out.
    var summary: String
    /// The rows of the table.
    var figures: [Figure]
    /// From the most to the least telling.
    var pictures: [ReportPicture]
    /// The curves, as ``charts(of:batch:)`` makes them of a log.
    var charts: [LineChart]
    /// The settings of the run, as YAML.
    var recipe: String

    /// The page. Parts that are empty are left out.
    func html() -> String {
        page(
            title: title,
            """
            <h1>\(title)</h1>
            <p>\(summary)</p>
            \(section("Figures", figures.isEmpty ? [] : [table]))
            \(section("Pictures", pictures.map { $0.markup }))
            \(section("Curves", charts.map { $0.markup }))
            \(section("Recipe", recipe.isEmpty ? [] : [settings]))
            """
        ).source
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

    private var table: HTML {
        let rows = figures.map { figure -> HTML in
            """
            <tr><th scope="row">\(figure.name)</th>
            <td class="value">\(figure.value)</td><td class="note">\(figure.note)</td></tr>
            """
        }
        return """
            <table>
            \(rows)
            </table>
            """
    }

    private var settings: HTML {
        """
        <details>
        <summary>All settings of the run</summary>
        <pre>\(recipe)</pre>
        </details>
        """
    }
}

extension ReportPicture {
    fileprivate var markup: HTML {
        """
        <figure>
        <h3>\(title)</h3>
        <img src="data:image/png;base64,\(HTML(markup: png.base64EncodedString()))" alt="\(title)">
        <figcaption>\(caption)</figcaption>
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
