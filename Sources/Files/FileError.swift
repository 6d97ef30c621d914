// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// What went wrong with a file or folder.
public struct FileError: LocalizedError, Equatable, CustomStringConvertible {
    /// The kinds of failure that a user can do something about, and all others in the system's words.
    public enum Problem: Equatable, Sendable {
        /// No space, or no quota, is left.
        case diskFull
        /// The file system is mounted read-only.
        case readOnly
        /// The permissions forbid it.
        case notPermitted
        /// It does not exist.
        case missing
        /// A file stands where a folder is needed, or on the way to it.
        case notAFolder
        /// A folder stands where a file is to be written.
        case isAFolder
        /// Something else.
        case other(String)
    }

    /// What went wrong.
    public var problem: Problem
    /// The file or folder.
    public var path: String

    package init(problem: Problem, path: String) {
        self.problem = problem
        self.path = path
    }

    /// The meaning of a number that a system call left in `errno`.
    package init(errno code: CInt, at url: URL) {
        path = url.relativePath
        problem =
            switch code {
            case ENOSPC, EDQUOT: .diskFull
            case EROFS: .readOnly
            case EACCES, EPERM: .notPermitted
            case ENOENT: .missing
            case ENOTDIR: .notAFolder
            case EISDIR: .isAFolder
            default: .other(String(cString: strerror(code)).lowercased())
            }
    }

    /// The meaning of an error that Foundation threw.
    package init(_ error: any Error, at url: URL) {
        path = url.relativePath
        problem =
            switch (error as? CocoaError)?.code {
            case .fileWriteOutOfSpace: .diskFull
            case .fileWriteVolumeReadOnly: .readOnly
            case .fileWriteNoPermission, .fileReadNoPermission: .notPermitted
            case .fileNoSuchFile, .fileReadNoSuchFile: .missing
            case .fileWriteFileExists: .notAFolder
            default: .other(cause(of: error))
            }
    }

    /// What is wrong, as a part of a sentence.
    package var reason: String {
        switch problem {
        case .diskFull: "no space left on device"
        case .readOnly: "the file system is read-only"
        case .notPermitted: "the permissions forbid it"
        case .missing: "\(path) does not exist"
        case .notAFolder: "a file is in the way of \(path)"
        case .isAFolder: "\(path) is a folder"
        case .other(let reason): reason
        }
    }

    /// One sentence: which file, what is wrong, what to do.
    public var description: String {
        switch problem {
        case .diskFull: "The disk is full: \(path) could not be written; make space and start again."
        case .readOnly: "\(path) lies on a read-only file system; choose another folder."
        case .notPermitted: "The permissions of \(path) forbid its use; change them or choose another folder."
        case .missing: "\(path) does not exist; check the path."
        case .notAFolder: "\(path) cannot be a folder, since a file is in the way; choose another folder."
        case .isAFolder: "\(path) is a folder; give the name of a file."
        case .other(let reason): "\(path) cannot be used: \(reason)."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
