// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// Which of a run's checkpoints stay once a new one is written. One stays if any of these says so.
public struct CheckpointRetention: Codable, Sendable, Equatable {
    /// So many of the newest, at least 1.
    public var last: Int
    /// Those whose step is a multiple of this, at least 1; nil keeps none for its step.
    public var every: Int?
    /// Whether the one with the lowest score stays.
    public var best: Bool

    /// The last two alone, unless more is asked for.
    public init(last: Int = 2, every: Int? = nil, best: Bool = false) {
        precondition(last >= 1 && every ?? 1 >= 1, "At least one checkpoint must be kept")
        self.last = last
        self.every = every
        self.best = best
    }

    /// The steps that go.
    ///
    /// - Parameter checkpoints: every checkpoint's step, and its score if it has one, in the order of steps.
    func discarded(of checkpoints: [(step: Int, score: Double?)]) -> [Int] {
        let scored = checkpoints.compactMap { checkpoint in
            checkpoint.score.map { (step: checkpoint.step, score: $0) }
        }
        let best = best ? scored.min { $0.score < $1.score }?.step : nil
        return checkpoints.dropLast(last).map(\.step).filter { step in
            step != best && every.map { step % $0 != 0 } ?? true
        }
    }
}
