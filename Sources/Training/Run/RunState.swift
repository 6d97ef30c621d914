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
    /// Scores in a row, until now, that were no better than the best.
    var worseInARow = 0
    /// The step at which the run went back to its best checkpoint; nil while it has not.
    var returnedAt: Int?
    /// Whether the run has ended before its last step, as it was no use to go on.
    var isOver = false
    /// What the recipe's learning rates are multiplied by.
    var learningRateFactor = 1.0

    init() {}

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        skippedSteps = try values.decodeIfPresent(Int.self, forKey: .skippedSteps) ?? 0
        skippedInARow = try values.decodeIfPresent(Int.self, forKey: .skippedInARow) ?? 0
        rolledBackAt = try values.decodeIfPresent(Int.self, forKey: .rolledBackAt)
        worseInARow = try values.decodeIfPresent(Int.self, forKey: .worseInARow) ?? 0
        returnedAt = try values.decodeIfPresent(Int.self, forKey: .returnedAt)
        isOver = try values.decodeIfPresent(Bool.self, forKey: .isOver) ?? false
        learningRateFactor = try values.decodeIfPresent(Double.self, forKey: .learningRateFactor) ?? 1
    }
}
