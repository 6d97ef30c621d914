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
    func svg() -> String {
        let curves = series.map { thinned($0.points.filter { hasPlace($0) }) }
        let points = curves.flatMap { $0 }
        let content: HTML
        if let x = Axis(points.map { $0.x }),
            let y = Axis(points.map { $0.y }, isLogarithmic: isLogarithmic, endsAtTicks: true)
        {
            content = HTML(markup: [grid(x, y), lines(curves, x, y), legend].map { $0.source }.joined())
        } else {
            content = #"<text x="240" y="130" text-anchor="middle">no data</text>"#
        }
        let element: HTML = """
            <svg class="chart" viewBox="0 0 480 260" role="img">
            <title>\(title)</title>
            \(content)
            </svg>
            """
        return element.source
    }

    private func hasPlace(_ point: Point) -> Bool {
        abs(point.x) < 1e100 && abs(point.y) < 1e100 && (!isLogarithmic || point.y > 1e-100)
    }

    private func grid(_ x: Axis, _ y: Axis) -> HTML {
        let (left, right, bottom) = (frame.left, frame.right, frame.bottom)
        let scale: HTML = isLogarithmic ? #"<text x="4" y="254">log scale</text>"# : ""
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
            <text x="\((left + right) / 2)" y="254" text-anchor="middle">\(horizontal)</text>
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

    /// Names from left to right, as far apart as their letters are likely to need.
    private var legend: HTML {
        guard series.count > 1 else { return "" }
        var x = frame.left
        let entries = series.indices.map { index -> HTML in
            let name = series[index].name
            let start = x
            x += 40 + 6.5 * Double(name.count)
            return """
                <line class="\(style(of: index))" x1="\(start)" y1="12" x2="\(start + 18)" y2="12"/>
                <text x="\(start + 24)" y="12" dy="0.32em">\(name)</text>
                """
        }
        return "\(entries)"
    }

    private func style(of index: Int) -> String {
        series[index].isReference ? "reference" : "series-\(index % 4)"
    }

    private var top: Double { series.count > 1 ? 30 : 12 }

    private func across(_ value: Double, _ axis: Axis) -> Double {
        rounded(frame.left + axis.fraction(of: value) * (frame.right - frame.left))
    }

    private func down(_ value: Double, _ axis: Axis) -> Double {
        rounded(frame.bottom - axis.fraction(of: value) * (frame.bottom - top))
    }
}

/// Where curves are drawn, in a chart of 480 x 260.
private let frame = (left: 60.0, right: 456.0, bottom: 216.0)

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
