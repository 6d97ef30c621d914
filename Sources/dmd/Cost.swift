// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import OrderedCollections
import Torch
import Training

/// What a run costs, found out by doing its first steps.
struct Cost: CustomStringConvertible {
    let stepCount: Int
    let secondsPerStep: Double
    let peakBytes: Int

    /// Does a step to warm up and two to measure; `work` is not to be used afterwards.
    init<Work: Trainable>(of work: Work) throws {
        func step(_ index: Int) throws {
            _ = try work.step(index)
            work.state.values.first?.values.first?.withUnsafeBytes { _ in }  // waits for the device
        }
        try step(0)
        let start = ContinuousClock.now
        try step(1)
        try step(2)
        secondsPerStep = (ContinuousClock.now - start) / .seconds(2)
        stepCount = work.stepCount
        peakBytes = peakMemory()
    }

    var description: String {
        let hours = secondsPerStep * Double(stepCount) / 3_600
        let duration = hours < 1 ? String(format: "%.0f min", hours * 60) : String(format: "%.1f h", hours)
        return String(
            format: "# %d steps of %.2f s here: %@; %.2f GB of memory", stepCount, secondsPerStep, duration,
            Double(peakBytes) / 1e9)
    }
}

/// The largest resident memory of this process so far, in bytes.
func peakMemory() -> Int {
    var usage = rusage()
    // 0 is RUSAGE_SELF, which C libraries declare in different types.
    getrusage(0, &usage)
    #if os(Linux)
        return usage.ru_maxrss * 1_024
    #else
        return usage.ru_maxrss
    #endif
}
