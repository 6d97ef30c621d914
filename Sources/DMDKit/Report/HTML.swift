// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// Markup: HTML, or the SVG within it. Text put into a literal is escaped, and may stand in an element or in
/// a quoted attribute; markup put into a literal stays as it is.
///
///     let item: HTML = "<li>\(name)</li>"
struct HTML: ExpressibleByStringInterpolation {
    /// The markup as text.
    let source: String

    /// Takes markup as it is.
    init(markup: String) { source = markup }

    init(stringLiteral markup: String) { source = markup }

    init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }

    /// Puts a literal together.
    struct StringInterpolation: StringInterpolationProtocol {
        fileprivate var source = ""

        init(literalCapacity: Int, interpolationCount: Int) { source.reserveCapacity(literalCapacity) }

        mutating func appendLiteral(_ markup: String) { source += markup }

        mutating func appendInterpolation(_ text: String) { source += escaped(text) }

        mutating func appendInterpolation(_ number: Double) { source += String(number) }

        mutating func appendInterpolation(_ markup: HTML) { source += markup.source }

        mutating func appendInterpolation(_ parts: [HTML]) {
            source += parts.map { $0.source }.joined(separator: "\n")
        }
    }
}

/// Goes by scalars, since a character that combines `<` with an accent still opens a tag.
private func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        default: result.unicodeScalars.append(scalar)
        }
    }
}
