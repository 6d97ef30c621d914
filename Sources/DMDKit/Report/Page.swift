// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// A document that needs nothing beside it: no font, no other file, and no script but what moves a slider. The empty icon keeps browsers
/// from asking a server for one.
func page(title: String, _ body: HTML) -> HTML {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(title)</title>
    <link rel="icon" href="data:,">
    <style>
    \(style)
    </style>
    </head>
    <body>
    <main>
    \(body)
    </main>
    </body>
    </html>

    """
}

/// The curves have the colours of Okabe and Ito, which the colour-blind tell apart. Pictures keep their
/// pixels sharp where a dense screen enlarges them, and not on narrow screens, which shrink them.
private let style: HTML = """
    :root {
        color-scheme: light dark;
        --ground: #fff; --ink: #1c1e21; --faint: #5c636b; --line: #e1e4e8;
        --series-0: #0072b2; --series-1: #d55e00; --series-2: #009e73; --series-3: #cc79a7; --series-4: #b58900; --series-5: #56b4e9;
    }
    @media (prefers-color-scheme: dark) {
        :root {
            --ground: #15171a; --ink: #e6e8eb; --faint: #9aa2ab; --line: #30353b;
            --series-0: #56b4e9; --series-1: #e69f00; --series-4: #f0e442; --series-5: #d55e00;
        }
    }
    body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
    main { max-width: 1000px; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
    h1 { margin: 0 0 0.5rem; font-size: 1.75rem; line-height: 1.2; }
    h2 { margin: 2.5rem 0 0.75rem; font-size: 1.2rem; }
    h3 { margin: 0 0 0.25rem; font-size: 1rem; }
    p, figcaption { max-width: 46rem; }
    figcaption { color: var(--faint); font-size: 0.875rem; }
    figure { margin: 0; min-width: 0; break-inside: avoid; }

    table { border-collapse: collapse; }
    th, td { padding: 0.4rem 1.5rem 0.4rem 0; border-bottom: 1px solid var(--line); }
    th, td { text-align: left; vertical-align: baseline; font-weight: normal; }
    .value { font-weight: 600; white-space: nowrap; font-variant-numeric: tabular-nums; }
    .scroll { overflow-x: auto; }
    .evaluations { display: grid; gap: 2rem; }
    .evaluations ul { font-size: 0.875rem; overflow-wrap: anywhere; }
    .note { padding-right: 0; color: var(--faint); font-size: 0.875rem; }

    .pictures { display: grid; gap: 2rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), max-content)); }
    .curves { display: grid; gap: 2rem 1.5rem; }
    .curves { grid-template-columns: repeat(auto-fill, minmax(min(100%, 420px), 1fr)); }
    img { display: block; max-width: 100%; height: auto; margin-bottom: 0.5rem; image-rendering: pixelated; }
    @media (max-width: 700px) { img { image-rendering: auto; } }

    .slider { display: inline-block; max-width: 100%; }
    .pair { position: relative; overflow: hidden; }
    .pair img { margin: 0; }
    .pair .above { position: absolute; inset: 0; clip-path: inset(0 0 0 var(--at)); }
    .pair::after { content: ""; position: absolute; top: 0; bottom: 0; left: var(--at); width: 2px; background: #d55e00; }
    .slider input { display: block; width: 100%; margin: 0.25rem 0 0.5rem; }

    .chart { display: block; width: 100%; height: auto; }
    \(chartStyle(.page))

    summary { cursor: pointer; }
    pre { padding: 1rem; overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; }
    pre { font: 0.8125rem/1.5 ui-monospace, monospace; }
    """

/// How many colours curves have.
let seriesColours = 6

/// The colours of a chart.
struct ChartPalette {
    let ink: String
    let faint: String
    let line: String
    let series: (Int) -> String

    /// Those of a page, light or dark as it is.
    static var page: ChartPalette {
        .init(ink: "var(--ink)", faint: "var(--faint)", line: "var(--line)") { "var(--series-\($0))" }
    }

    /// On white paper, and named outright, for programs that know little of CSS.
    static var printed: ChartPalette {
        let colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b58900", "#56b4e9"]
        return .init(ink: "#1c1e21", faint: "#5c636b", line: "#e1e4e8") { colours[$0] }
    }
}

/// How the parts of a chart look.
func chartStyle(_ palette: ChartPalette) -> HTML {
    let series = (0..<seriesColours).map { number -> HTML in
        """
        .chart .series-\(String(number)) { stroke: \(palette.series(number)); }
            .chart circle.series-\(String(number)) { fill: \(palette.series(number)); }
        """
    }
    return """
        .chart text { fill: \(palette.faint); font: 12px system-ui, sans-serif; font-variant-numeric: tabular-nums; }
            .chart line, .chart polyline { fill: none; stroke: \(palette.ink); stroke-width: 1.5; }
            .chart line, .chart polyline { stroke-linejoin: round; vector-effect: non-scaling-stroke; }
            .chart .grid { stroke: \(palette.line); stroke-width: 1; }
            .chart .reference { stroke: \(palette.faint); stroke-dasharray: 5 4; }
            .chart .dash-1 { stroke-dasharray: 6 3; }
            .chart .dash-2 { stroke-dasharray: 2 3; }
            .chart .dash-3 { stroke-dasharray: 8 3 2 3; }
            \(series)
        """
}
