// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// A linear or logarithmic scale, with round numbers to label it. Values lie between -1e100 and 1e100, and
/// above 1e-100 on a logarithmic scale.
struct Axis {
    /// From the scale's lower to its upper end.
    let range: ClosedRange<Double>
    /// The values to label, rising.
    let ticks: [Double]
    private let isLogarithmic: Bool

    /// A scale for all of these values; nil where there are none.
    ///
    /// - Parameter endsAtTicks: whether the scale reaches out to the next round numbers.
    init?(_ values: [Double], isLogarithmic: Bool = false, endsAtTicks: Bool = false) {
        guard let least = values.min(), let greatest = values.max() else { return nil }
        let bounds = isLogarithmic ? least...greatest : Self.spread(least, greatest)
        let ticks = isLogarithmic ? Self.logarithmicTicks(around: bounds) : Self.linearTicks(around: bounds)
        if endsAtTicks, let first = ticks.first, let last = ticks.last {
            range = first...last
            self.ticks = ticks
        } else {
            range = bounds
            self.ticks = ticks.filter { bounds.contains($0) }
        }
        self.isLogarithmic = isLogarithmic
    }

    /// Where a value lies: 0 at the lower end, 1 at the upper.
    func fraction(of value: Double) -> Double {
        let lower = scaled(range.lowerBound)
        return (scaled(value) - lower) / (scaled(range.upperBound) - lower)
    }

    /// What stands beside a tick.
    func label(_ tick: Double) -> String { String(format: "%.6g", tick) }

    private func scaled(_ value: Double) -> Double { isLogarithmic ? log10(value) : value }

    /// The bounds, or, where they all but coincide, the stretch between them and zero.
    private static func spread(_ lower: Double, _ upper: Double) -> ClosedRange<Double> {
        let size = max(abs(lower), abs(upper))
        if size < 1e-100 { return 0...1 }
        return upper - lower > 1e-4 * size ? lower...upper : min(0, lower)...max(0, upper)
    }

    /// Multiples of 1, 2 or 5 times a power of ten, from the last below the bounds to the first above.
    private static func linearTicks(around bounds: ClosedRange<Double>) -> [Double] {
        let smallest = (bounds.upperBound - bounds.lowerBound) / 5
        let power = pow(10, log10(smallest).rounded(.down))
        let step = power * ([1.0, 2.0, 5.0].first { $0 * power >= smallest } ?? 10.0)
        let first = Int((bounds.lowerBound / step).rounded(.down))
        let last = Int((bounds.upperBound / step).rounded(.up))
        return (first...last).map { Double($0) * step }
    }

    /// Powers of ten around the bounds: not all of them where they are many, and 2 and 5 times them as well
    /// where they are few.
    private static func logarithmicTicks(around bounds: ClosedRange<Double>) -> [Double] {
        func power(_ exponent: Int) -> Double { pow(10, Double(exponent)) }
        let first = Int(log10(bounds.lowerBound).rounded(.down))
        let last = max(first + 1, Int(log10(bounds.upperBound).rounded(.up)))
        let decades = last - first
        if decades > 2 {
            let step = (decades + 4) / 5
            return stride(from: first, to: last + step, by: step).map { power($0) }
        }
        let ticks = (first..<last).flatMap { [power($0), 2 * power($0), 5 * power($0)] } + [power(last)]
        let below = min(ticks.lastIndex { $0 <= bounds.lowerBound } ?? 0, ticks.count - 2)
        let above = max(ticks.firstIndex { $0 >= bounds.upperBound } ?? ticks.count - 1, below + 1)
        return Array(ticks[below...above])
    }
}
