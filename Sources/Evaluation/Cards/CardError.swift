// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// A file that is no ``Card``.
public enum CardError: LocalizedError, Equatable, CustomStringConvertible {
    /// There is no such file.
    case missing(file: String)
    /// The file is something else.
    case notACard(file: String)
    /// The file has a format that this version does not know.
    case unknownFormat(file: String, Int)
    /// The file is a card that lacks something.
    case damaged(file: String)

    /// One sentence: which file, what is wrong, what to do.
    public var description: String {
        switch self {
        case .missing(let file): "There is no card at \(file): name the JSON file that an evaluation wrote."
        case .notACard(let file):
            "\(file) is no card of an evaluation: name the JSON file that an evaluation wrote."
        case .unknownFormat(let file, let format):
            "\(file) is a card of format \(format), which this version does not know: use a newer version."
        case .damaged(let file): "\(file) is a damaged card: evaluate again."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
