// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
public import Foundation

/// Why a file's weights cannot be read.
public enum ConversionError: LocalizedError, Equatable, CustomStringConvertible {
    /// The file cannot be opened.
    case unreadable(file: String, reason: String)
    /// The file is of no format that is read.
    case unknownFormat(file: String)
    /// The file breaks off or contradicts itself.
    case damaged(file: String, reason: String)
    /// The file asks for a function or class that is no part of weights.
    case notData(file: String, global: String)
    /// The file is whole, but holds something that is not read.
    case unsupported(file: String, reason: String)
    /// The file holds no weights under this name.
    case noSuchKey(file: String, key: String, keys: [String])
    /// The file holds several sets of weights.
    case severalKeys(file: String, keys: [String])
    /// The file holds no tensors.
    case noTensors(file: String)

    /// One sentence: which file, what is wrong with it, what to do.
    public var description: String {
        switch self {
        case .unreadable(let file, let reason):
            "\(file) cannot be read: \(reason); check the path and its permissions."
        case .unknownFormat(let file):
            "\(file) is no weights file that is known: give one of torch.save, EDM's .pkl, .npz, .npy or safetensors."
        case .damaged(let file, let reason):
            "\(ArchiveError.damaged(file: file, reason: reason))"
        case .unsupported(let file, let reason):
            "\(file) cannot be converted: \(reason)."
        case .notData(let file, let global):
            "\(ArchiveError.notData(file: file, global: global))"
        case .noSuchKey(let file, let key, let keys) where keys.isEmpty:
            "\(file) has no key '\(key)': its tensors lie side by side, so give no key."
        case .noSuchKey(let file, let key, let keys):
            "\(file) has no weights under '\(key)': choose one of \(Self.list(keys))."
        case .severalKeys(let file, let keys):
            "\(file) holds several sets of weights: choose one of \(Self.list(keys)) as the key."
        case .noTensors(let file):
            "\(file) holds no tensors: check that it is the file of a network's weights."
        }
    }

    init(_ error: ArchiveError) {
        switch error {
        case .damaged(let file, let reason):
            self = .damaged(file: file, reason: reason)
        case .unsupported(let file, let reason): self = .unsupported(file: file, reason: reason)
        case .notData(let file, let global): self = .notData(file: file, global: global)
        }
    }

    /// The file is whole, but a part of its weights is of a class or type that is not read.
    static func unread(_ part: String, file: String) -> ConversionError {
        .unsupported(
            file: file,
            reason:
                "\(part), which is not read: save the network's state_dict alone, in a plain type such as float32"
        )
    }

    /// The first names, in quotes.
    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(12).map { "'\($0.prefix(60))'" }.joined(separator: ", ")
        return names.count > 12 ? "\(shown), ..." : shown
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}

/// Does something with an archive, whose errors become this module's.
func converting<R>(_ body: () throws(ArchiveError) -> R) throws(ConversionError) -> R {
    do {
        return try body()
    } catch {
        throw ConversionError(error)
    }
}
