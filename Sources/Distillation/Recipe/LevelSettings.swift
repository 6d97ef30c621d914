// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Training

/// How noise levels are drawn: which part of the schedule, and how often each.
public struct LevelSettings: Codable, Equatable, Sendable {
    /// How often each level is drawn.
    public var law = LevelLaw.uniform
    /// The lowest level, as a fraction of the schedule's levels: `T_min / T`.
    public var minimum = 0.0
    /// The level to stay below, as a fraction: `T_max / T`.
    public var maximum = 1.0
    /// With ``LevelLaw/logNormal``, the mean of `ln(sigma / alpha)`; EDM's.
    public var mean = -1.2
    /// With ``LevelLaw/logNormal``, the deviation of `ln(sigma / alpha)`; EDM's.
    public var deviation = 1.2

    /// All levels equally often.
    public init() {}

    /// Levels of a part of the schedule equally often.
    init(_ range: Range<Double>) { (minimum, maximum) = (range.lowerBound, range.upperBound) }

    /// The numbers of the levels in a schedule of `count`, `[T_min, T_max)`.
    func numbers(of count: Int) -> Range<Int> {
        let lower = Int((minimum * Double(count)).rounded())
        return lower..<max(lower, Int((maximum * Double(count)).rounded()))
    }

    /// - Throws: `RecipeError.invalid(key:reason:)` for values out of range.
    func check(_ key: String) throws {
        guard (0..<1).contains(minimum) else {
            throw RecipeError.invalid(
                key: "\(key).minimum", reason: "must be at least 0 and below 1, not \(minimum)")
        }
        guard maximum > minimum, maximum <= 1 else {
            throw RecipeError.invalid(
                key: "\(key).maximum",
                reason: "must be above minimum, which is \(minimum), and at most 1, not \(maximum)")
        }
        guard deviation > 0, deviation.isFinite, mean.isFinite else {
            throw RecipeError.invalid(
                key: "\(key).deviation", reason: "must be above 0 and finite, and so must be the mean")
        }
    }
}

/// How often each level is drawn.
public enum LevelLaw: String, Codable, Sendable, CaseIterable {
    /// All equally often, as DMD does.
    case uniform
    /// `ln(sigma / alpha)` is normal, as EDM draws it in training: the levels at which an image takes shape. Draws beyond the
    /// part of the schedule count as its ends.
    case logNormal
}

/// The levels of a schedule in a form in which they are quickly found.
struct LevelTable: Sendable {
    /// `ln(sigma / alpha)` of each, rising.
    private let logs: [Double]

    init(_ schedule: any NoiseSchedule) { logs = schedule.levels.map { log($0.sigma / $0.alpha) } }

    /// The number of the level nearest to a ratio.
    func number(ofLogRatio value: Double) -> Int {
        var (low, high) = (0, logs.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if logs[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low > 0 && value - logs[low - 1] < logs[low] - value ? low - 1 : low
    }
}
