// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// A file that does not hold the weights of a metric network.
public enum MetricsError: Error, Equatable, CustomStringConvertible {
    /// There is no such file.
    case missingWeights(file: String)
    /// A tensor has another shape or is not there, in which case `found` is `nil`.
    case foreignWeights(file: String, tensor: String, expected: [Int], found: [Int]?)

    /// One sentence: which file, what is wrong with it, what to do.
    public var description: String {
        switch self {
        case .missingWeights(let file):
            return "The weights of the metric networks are not at \(file): run scripts/setup to fetch them."
        case .foreignWeights(let file, let tensor, let expected, let found):
            let difference = found.map { "has shape \($0) instead of \(expected)" } ?? "is missing"
            return "\(file) does not hold LPIPS on VGG16: \(tensor) \(difference); "
                + "delete the file and run scripts/setup to fetch it again."
        }
    }
}
