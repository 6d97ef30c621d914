// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// Why files do not make a tokenizer.
public enum TokenizerError: LocalizedError, Equatable, CustomStringConvertible {
    /// A folder has neither of the two sets of files.
    case missing(folder: String)
    /// A file could not be read.
    case unreadable(file: String, reason: String)
    /// A file is not what a tokenizer's file should be.
    case malformed(file: String, reason: String)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .missing(let folder):
            "\(folder) holds neither vocab.json and merges.txt nor tokenizer.json: copy the tokenizer that belongs to the model."
        case .unreadable(let file, let reason):
            "\(file) cannot be read: \(reason); check that it is there and may be read."
        case .malformed(let file, let reason):
            "\(file) is not a file of CLIP's tokenizer: \(reason); copy or download it again."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
