// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// The numbered levels of a schedule that a sampler goes through, each with the level where its step ends.
struct DiscretePath {
    /// Where the network is evaluated.
    let levels: [SamplerLevel]
    /// Where the steps end: a whole distance further down; past the lowest level, that level or the clean sample.
    let ends: [SamplerLevel]

    private let schedule: [SamplerLevel]
    private let numbers: [Int]
    private let distance: Int

    init(_ schedule: any NoiseSchedule, steps: Int, spacing: StepSpacing, endsClean: Bool) {
        let all = schedule.levels
        let distance = all.count / steps
        let numbers = spacing.levels(steps, of: all.count)
        levels = numbers.map { all[$0] }
        ends = numbers.map { $0 >= distance ? all[$0 - distance] : endsClean ? .clean : all[0] }
        (self.schedule, self.numbers, self.distance) = (all, numbers, distance)
    }

    /// The level a distance further up, where the step that leads to a level began.
    func levelBefore(_ index: Int) -> SamplerLevel { schedule[numbers[index] + distance] }
}
