// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// At which of a schedule's numbered levels a sampler evaluates the network.
///
/// Source: Lin et al. 2024, table 2 (arXiv 2305.08891), with the roundings of diffusers.
public enum StepSpacing: Sendable, Equatable {
    /// Whole distances up from the least noise, moved by an offset: Stable Diffusion's is 1.
    case leading(offset: Int = 1)
    /// Whole or rounded distances down from the most noise.
    case trailing
    /// Evenly spaced from the least noise to the most.
    case linspace

    /// The numbers of the levels, from the most noise down.
    ///
    /// - Parameters:
    ///   - steps: how many, from 1 to `count`.
    ///   - count: the levels of the schedule.
    public func levels(_ steps: Int, of count: Int) -> [Int] {
        switch self {
        case .leading(let offset): leading(steps, distance: count / steps, offset: offset)
        case .trailing: trailing(steps, of: count)
        case .linspace: evenly(steps, of: count).map { Int($0.rounded(.toNearestOrEven)) }
        }
    }

    /// The numbers, which may lie between two levels, for samplers that know what lies between.
    func fractionalLevels(_ steps: Int, of count: Int) -> [Double] {
        self == .linspace ? evenly(steps, of: count) : levels(steps, of: count).map(Double.init)
    }

    /// The numbers where the end of the last step counts as one of the evenly spaced levels.
    package func levelsBeforeEnd(_ steps: Int, of count: Int) -> [Int] {
        switch self {
        case .leading(let offset):
            leading(steps, distance: count / (steps + 1), offset: offset).map { $0 + count / (steps + 1) }
        case .trailing: trailing(steps, of: count)
        case .linspace: StepSpacing.linspace.levels(steps + 1, of: count).dropLast()
        }
    }

    var isLeading: Bool {
        if case .leading = self { true } else { false }
    }

    private func leading(_ steps: Int, distance: Int, offset: Int) -> [Int] {
        (0..<steps).reversed().map { $0 * distance + offset }
    }

    private func trailing(_ steps: Int, of count: Int) -> [Int] {
        let distance = Double(count) / Double(steps)
        return (0..<steps).map {
            Int((Double(count) - Double($0) * distance).rounded(.toNearestOrEven)) - 1
        }
    }

    private func evenly(_ steps: Int, of count: Int) -> [Double] {
        let distance = Double(count - 1) / Double(max(steps - 1, 1))
        return (0..<steps).reversed().map { Double($0) * distance }
    }
}
