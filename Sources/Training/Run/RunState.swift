// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// What a run itself has to remember in a checkpoint, beside what is trained.
struct RunState: Codable, Equatable, Sendable {
    /// Steps whose update was skipped, in the whole run.
    var skippedSteps = 0
    /// How many of them came one after another until now.
    var skippedInARow = 0
    /// The step at which the run gave up and went back to a checkpoint; nil while it has not.
    var rolledBackAt: Int?
    /// What the recipe's learning rates are multiplied by.
    var learningRateFactor = 1.0

    init() {}

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        skippedSteps = try values.decodeIfPresent(Int.self, forKey: .skippedSteps) ?? 0
        skippedInARow = try values.decodeIfPresent(Int.self, forKey: .skippedInARow) ?? 0
        rolledBackAt = try values.decodeIfPresent(Int.self, forKey: .rolledBackAt)
        learningRateFactor = try values.decodeIfPresent(Double.self, forKey: .learningRateFactor) ?? 1
    }
}
