// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// How fast a count grows of late: counts and times are summed, and both sums fade with a time constant of 30 s. The
/// slow first steps of a run are soon forgotten, and a single slow step does not throw the estimate.
struct ProgressRate {
    private static let fading = 30.0
    private var last: (count: Int, time: Duration)?
    private var count = 0.0
    private var seconds = 0.0

    /// Counts in a second, once anything has been counted.
    var perSecond: Double? {
        count > 0 && seconds > 0 ? count / seconds : nil
    }

    /// Takes in the count at a time.
    mutating func update(count: Int, at time: Duration) {
        if let last {
            let passed = (time - last.time) / .seconds(1)
            let weight = exp(-passed / Self.fading)
            self.count = self.count * weight + Double(count - last.count)
            seconds = seconds * weight + passed
        }
        last = (count, time)
    }
}
