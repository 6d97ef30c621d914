// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// What numbers of settings may be: wide enough for any real work, and so narrow that sums and products of them are numbers too.
extension ClosedRange<Int> {
    /// Images or pairs of a job.
    static var imageCounts: Self { 1...100_000_000 }
    /// Images of which there must be a covariance.
    static var covarianceCounts: Self { 2...100_000_000 }
    /// Images that one picture can show: a hundred thousand of 28 x 28 pixels are 1.6 GB.
    static var sheetCounts: Self { 1...100_000 }
    /// Samples that go through a network at once.
    static var batches: Self { 1...100_000 }
    /// Steps of a sampler.
    static var samplerSteps: Self { 1...10_000 }
    /// A side of an image in pixels.
    static var imageSides: Self { 1...16_384 }
    /// Anything else that is counted, such as steps between checkpoints.
    static var counts: Self { 1...1_000_000_000 }
}

/// - Throws: ``SettingError`` for a number that is given and out of its bounds.
func require(_ settings: (name: String, value: Int?, bounds: ClosedRange<Int>)...) throws {
    for case (let name, let value?, let bounds) in settings where !bounds.contains(value) {
        throw SettingError(name, "is \(value)", "give \(bounds.lowerBound) to \(bounds.upperBound)")
    }
}
