// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Evaluation

/// What became of the scores of a card when they were measured again.
public struct Verification: Sendable {
    /// One for each score of the card.
    public let verdicts: [Verdict]

    /// Whether all are reproduced.
    public var isReproduced: Bool { verdicts.allSatisfy(\.isReproduced) }
}

/// What became of one score.
public struct Verdict: Sendable {
    /// The card's.
    public let expected: NamedScore
    /// What was measured; nil if it was not.
    public let found: NamedScore?
    private let isFID: Bool

    init(expected: NamedScore, found: NamedScore?, isFID: Bool) {
        (self.expected, self.found, self.isFID) = (expected, found, isFID)
    }

    /// Whether both differ by no more than the card's spread, or by a millionth where it has none.
    public var isReproduced: Bool {
        guard let found else { return false }
        let tolerance = max(expected.spread ?? 0, 1e-6 * abs(expected.value))
        return abs(found.value - expected.value) <= tolerance
    }

    /// A line that tells both.
    public var line: String {
        let title = expected.name.title(isFID: isFID)
        guard let found else { return "\(title): \(expected.text), not measured here" }
        return
            "\(title): \(expected.text) there, \(found.text) here: \(isReproduced ? "reproduced" : "differs")"
    }
}
