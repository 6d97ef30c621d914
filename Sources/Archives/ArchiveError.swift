// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// What can be wrong with an archive, a pickle or an array. `file` names it as the user would find it: a path, or
/// `archive.zip: member`.
public enum ArchiveError: LocalizedError, Equatable, CustomStringConvertible {
    /// The file cannot be opened, breaks off, fails a check sum or states what cannot be.
    case damaged(file: String, reason: String)
    /// The file is sound, and holds what is not read here.
    case unsupported(file: String, reason: String)
    /// A pickle names a function or class that its reader does not know to be harmless.
    case notData(file: String, global: String)

    /// One sentence: which file, what is wrong with it, what to do.
    public var description: String {
        switch self {
        case .damaged(let file, let reason):
            "\(file) is damaged: \(reason); fetch or make it again."
        case .unsupported(let file, let reason):
            "\(file) is not read here: \(reason); leave it out of the archive."
        case .notData(let file, let global):
            "\(file) asks for \(global), which is not data; nothing of it was run: open it with no other program, and "
                + "get one that holds data alone."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
