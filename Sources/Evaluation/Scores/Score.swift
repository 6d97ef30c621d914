// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// A figure and how far it may be off.
///
/// What the spread is depends on the score: each function's documentation says whether it is a standard error or the
/// deviation that a published estimator reports.
public struct Score: Hashable, Sendable, Codable {
    /// The figure.
    public let value: Double
    /// How far it may be off, at least 0; nil where nothing is known of that.
    public let spread: Double?

    /// - Parameters:
    ///   - value: the figure.
    ///   - spread: how far it may be off.
    public init(_ value: Double, spread: Double? = nil) {
        self.value = value
        self.spread = spread
    }

    /// The mean of some values and its standard error, `s / sqrt(n)` with `s^2 = sum (x - mean)^2 / (n - 1)`; no spread
    /// of fewer than two.
    public init(meanOf values: [Double]) {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.init(mean, spread: values.count > 1 ? (squares / (count - 1) / count).squareRoot() : nil)
    }

    /// The mean of some values and their deviation, `sqrt(sum (x - mean)^2 / n)`.
    init(meanAndDeviationOf values: [Double]) {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        self.init(mean, spread: (squares / count).squareRoot())
    }
}
