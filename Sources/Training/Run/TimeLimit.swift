// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// The time by which a process must have ended, and the pace of its work, to stop before it is stopped.
public struct TimeLimit: Sendable {
    private let end: ContinuousClock.Instant
    private var last: ContinuousClock.Instant
    private var longest = Duration.zero

    /// A limit of so long from now on.
    public init(_ duration: Duration, at now: ContinuousClock.Instant = .now) {
        end = now + duration
        last = now
    }

    /// Begins with pieces of another kind.
    public mutating func begin(at now: ContinuousClock.Instant = .now) {
        last = now
        longest = .zero
    }

    /// Notes that a piece of work is done, and says whether to stop: whether twice the longest piece so far, and what is
    /// reserved for the end, do not fit any more.
    public mutating func isReached(
        reserving reserve: Duration = .zero, at now: ContinuousClock.Instant = .now
    ) -> Bool {
        longest = max(longest, now - last)
        last = now
        return now + longest * 2 + reserve >= end
    }

    /// Reads a duration such as `90m`, `3h30m`, `45s` or `1d12h`.
    ///
    /// - Returns: nil if the text is something else, or no time at all.
    public static func duration(_ text: String) -> Duration? {
        guard let match = text.wholeMatch(of: /(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?/)
        else {
            return nil
        }
        let parts = [match.1, match.2, match.3, match.4].map { $0.flatMap { Int($0) } ?? 0 }
        let seconds = zip(parts, [86_400, 3_600, 60, 1]).reduce(0) { $0 + $1.0 * $1.1 }
        return seconds > 0 ? .seconds(seconds) : nil
    }
}
