// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// What can be wrong with a folder of pairs.
public enum PairError: LocalizedError, Equatable, CustomStringConvertible {
    /// The folder has no readable manifest.
    case noPairs(folder: String, reason: String)
    /// The set is only partly made.
    case incomplete(folder: String, found: Int, expected: Int)
    /// A file of the set is missing, cut short or changed.
    case damaged(file: String, reason: String)
    /// The sampler made values that are infinite or not numbers.
    case notFinite(pairs: Range<Int>)
    /// The set was made by another teacher or with other settings than those asked for.
    case mismatched(folder: String, differences: [String])

    /// One sentence: which folder or file, what is wrong with it, what to do.
    public var description: String {
        switch self {
        case .noPairs(let folder, let reason):
            "\(folder) holds no pairs: \(reason); make them, or name another folder."
        case .incomplete(let folder, let found, let expected):
            "\(folder) holds \(found) of \(expected) pairs; make the rest."
        case .damaged(let file, let reason):
            "\(file) is damaged: \(reason); remove it, and make it again."
        case .notFinite(let pairs):
            "The teacher's images of the pairs \(pairs.lowerBound) to \(pairs.upperBound - 1) hold values that are not "
                + "finite numbers; check its weights."
        case .mismatched(let folder, let differences):
            "\(folder) holds other pairs than needed: \(differences.joined(separator: ", ")); "
                + "make new ones in another folder."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
