// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// Curves over a common axis, as SVG for a page that has the styles of ``page(title:_:)``.
struct LineChart {
    /// A point of a curve.
    typealias Point = (x: Double, y: Double)

    /// One curve.
    struct Series {
        /// What the legend calls it.
        var name: String
        /// From left to right. Those that have no place on the axes, such as NaN, are left out.
        var points: [Point]
        /// The number of its colour.
        var colour = 0
        /// The number of the pattern of its line; 0 is unbroken.
        var dash = 0
        /// Whether it is what the others are compared with; it is gray and dashed then.
        var isReference = false
    }

    /// What it shows, in a few words.
    var title: String
    /// How to read it.
    var caption: String
    /// What the horizontal axis is called.
    var horizontal = "step"
    /// The curves; the legend names them where there are several.
    var series: [Series]
    /// Whether the vertical axis is logarithmic, without place for values that are not positive.
    var isLogarithmic = false

    /// The chart as an `svg` element, which fills the width that it is given.
    func svg() -> String { element(#"class="chart""#, styles: "").source }

    /// The chart as a file of its own, black on white with its title, for a paper.
    func file() -> String {
        let size = #"class="chart" xmlns="http://www.w3.org/2000/svg" width="480" height="\#(height)""#
        let ground: HTML = #"<rect width="480" height="\#(height)" fill="white"/>"#
        return element(
            HTML(markup: size), styles: "<style>\(chartStyle(.printed))</style>\n\(ground)"
        ).source
    }

    private func element(_ attributes: HTML, styles: HTML) -> HTML {
        let curves = series.map { thinned($0.points.filter { hasPlace($0) }) }
        let points = curves.flatMap { $0 }
        let content: HTML
        if let x = Axis(points.map { $0.x }),
            let y = Axis(points.map { $0.y }, isLogarithmic: isLogarithmic, endsAtTicks: true)
        {
            content = "\(grid(x, y))\(lines(curves, x, y))\(legend)"
        } else {
            content = #"<text x="240" y="130" text-anchor="middle">no data</text>"#
        }
        return """
            <svg \(attributes) viewBox="0 0 480 \(height)" role="img">
            <title>\(title)</title>
            \(styles)
            \(content)
            </svg>

            """
    }

    private func hasPlace(_ point: Point) -> Bool {
        abs(point.x) < 1e100 && abs(point.y) < 1e100 && (!isLogarithmic || point.y > 1e-100)
    }

    private func grid(_ x: Axis, _ y: Axis) -> HTML {
        let (left, right) = (frame.left, frame.right)
        let scale: HTML = isLogarithmic ? #"<text x="4" y="\#(height - 6)">log scale</text>"# : ""
        let rows = y.ticks.map { tick -> HTML in
            let height = down(tick, y)
            return """
                <line class="grid" x1="\(left)" y1="\(height)" x2="\(right)" y2="\(height)"/>
                <text x="\(left - 8)" y="\(height)" dy="0.32em" text-anchor="end">\(y.label(tick))</text>
                """
        }
        let columns = x.ticks.map { tick -> HTML in
            let place = across(tick, x)
            return """
                <line class="grid" x1="\(place)" y1="\(top)" x2="\(place)" y2="\(bottom)"/>
                <text x="\(place)" y="\(bottom + 18)" text-anchor="middle">\(x.label(tick))</text>
                """
        }
        return """
            \(rows)
            \(columns)
            <text x="\((left + right) / 2)" y="\(height - 6)" text-anchor="middle">\(horizontal)</text>
            \(scale)

            """
    }

    private func lines(_ curves: [[Point]], _ x: Axis, _ y: Axis) -> HTML {
        let lines = curves.indices.map { index -> HTML in
            let places = curves[index].map { (x: across($0.x, x), y: down($0.y, y)) }
            if places.count == 1, let place = places.first {
                return #"<circle class="\#(style(of: index))" cx="\#(place.x)" cy="\#(place.y)" r="3"/>"#
            }
            let points = places.map { "\($0.x),\($0.y)" }.joined(separator: " ")
            return #"<polyline class="\#(style(of: index))" points="\#(points)"/>"#
        }
        return "\(lines)\n"
    }

    /// Names from left to right, as far apart as their letters are likely to need, in as many rows as that takes.
    private var legend: HTML {
        let entries = zip(series.indices, legendPlaces).map { index, place -> HTML in
            """
            <line class="\(style(of: index))" x1="\(place.x)" y1="\(place.y)" x2="\(place.x + 18)" y2="\(place.y)"/>
            <text x="\(place.x + 24)" y="\(place.y)" dy="0.32em">\(series[index].name)</text>
            """
        }
        return "\(entries)"
    }

    private var legendPlaces: [Point] {
        guard series.count > 1 else { return [] }
        var (x, y) = (frame.left, 12.0)
        return series.map { one in
            let width = 40 + 6.5 * Double(one.name.count)
            if x > frame.left, x + width > frame.right + 24 { (x, y) = (frame.left, y + legendRow) }
            defer { x += width }
            return (x, y)
        }
    }

    private func style(of index: Int) -> String {
        let one = series[index]
        guard !one.isReference else { return "reference" }
        let (colour, round) = (one.colour % seriesColours, one.colour / seriesColours)
        return "series-\(colour) dash-\((one.dash + round) % 4)"
    }

    private var top: Double { legendPlaces.last.map { $0.y + legendRow } ?? 12 }

    /// One row of the legend has its place in the chart's usual height; more make it higher.
    private var bottom: Double { 186 + max(30, top) }

    private var height: Double { bottom + 44 }

    private func across(_ value: Double, _ axis: Axis) -> Double {
        rounded(frame.left + axis.fraction(of: value) * (frame.right - frame.left))
    }

    private func down(_ value: Double, _ axis: Axis) -> Double {
        rounded(bottom - axis.fraction(of: value) * (bottom - top))
    }
}

/// Where curves are drawn, in a chart 480 wide.
private let frame = (left: 60.0, right: 456.0)

private let legendRow = 18.0

/// Enough digits for a place in a chart.
private func rounded(_ place: Double) -> Double { (place * 10).rounded() / 10 }

/// At most 400 of the points: a longer curve is cut into 200 pieces, each of which keeps its lowest and its
/// highest point, so that no spike is lost.
private func thinned(_ points: [LineChart.Point]) -> [LineChart.Point] {
    let pieces = 200
    guard points.count > 2 * pieces else { return points }
    return (0..<pieces).flatMap { piece -> [LineChart.Point] in
        let indices = (piece * points.count / pieces)..<((piece + 1) * points.count / pieces)
        let lowest = indices.min { points[$0].y < points[$1].y } ?? indices.lowerBound
        let highest = indices.max { points[$0].y < points[$1].y } ?? indices.lowerBound
        return [points[min(lowest, highest)], points[max(lowest, highest)]]
    }
}
