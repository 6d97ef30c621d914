// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Torch

/// A block of elements that tensors show parts of.
struct TorchStorage {
    let dtype: DType
    let bytes: Data
}

/// Where the storages lie that a pickle of PyTorch refers to.
protocol TorchStorages {
    /// - Parameter reference: `("storage", class, key, location, number of elements, ...)`.
    func storage(_ reference: TorchStorageReference) throws(ConversionError) -> TorchStorage
}

/// What a pickle says of a storage that lies outside of it.
struct TorchStorageReference {
    let key: String
    let dtype: DType
    /// The number of elements.
    let count: Int

    var byteCount: Int { count * dtype.size }

    init(_ parts: PickleItems, file: String) throws(ConversionError) {
        if parts.count == 1, let line = parts[0].text {
            try self.init(line: line, file: file)
            return
        }
        guard parts.count >= 5, parts[0].text == "storage", let name = Self.className(parts[1]),
            let key = parts[2].text, let count = parts[4].int, count >= 0
        else {
            throw .damaged(file: file, reason: "it refers to something that is no storage of tensors")
        }
        if parts.count > 5, case .tuple = parts[5] {
            throw .unsupported(
                file: file,
                reason: "its storages overlap, as PyTorch before 0.4 wrote them: save it with a later one")
        }
        try self.init(class: name, key: key, count: count, file: file)
    }

    /// Protocol 0 has the reference as Python prints it: `('storage', <class 'torch.FloatStorage'>, '7', 'cpu', 6, None)`.
    private init(line: String, file: String) throws(ConversionError) {
        let form = /\('storage', <class '([\w.]+)'>, '([^'\\]*)', '[^'\\]*', (\d+)(?:, None)?\)/
        guard let found = line.wholeMatch(of: form), let count = Int(found.3) else {
            throw .damaged(file: file, reason: "it refers to something that is no storage of tensors")
        }
        try self.init(class: String(found.1), key: String(found.2), count: count, file: file)
    }

    private init(class name: String, key: String, count: Int, file: String) throws(ConversionError) {
        guard let dtype = TorchGlobals.storages[name] else {
            throw .unread("it has elements of the class \(name)", file: file)
        }
        guard count <= Int.max / dtype.size else {
            throw .damaged(file: file, reason: "the storage '\(key)' is impossibly large")
        }
        (self.key, self.dtype, self.count) = (key, dtype, count)
    }

    private static func className(_ value: PickleValue) -> String? {
        switch value {
        case .global(let name), .opaque(let name): name
        default: nil
        }
    }
}

/// A file in the zip format of `torch.save`: each storage is a member, `NAME/data/KEY`, and `NAME/data.pkl` refers to it.
struct ZippedStorages: TorchStorages {
    let archive: ZipArchive
    let file: String
    /// `NAME/`
    let folder: String

    func storage(_ reference: TorchStorageReference) throws(ConversionError) -> TorchStorage {
        guard let member = archive.member(named: "\(folder)data/\(reference.key)") else {
            throw .damaged(file: file, reason: "it lacks the storage '\(reference.key)'")
        }
        guard member.size == reference.byteCount else {
            throw .damaged(
                file: file,
                reason:
                    "its storage '\(reference.key)' has \(member.size) bytes instead of \(reference.byteCount)"
            )
        }
        let bytes = try converting { () throws(ArchiveError) in try archive.contents(of: member) }
        return TorchStorage(dtype: reference.dtype, bytes: bytes)
    }
}

/// No storages: those of EDM's pickles lie in the pickle itself.
struct NoStorages: TorchStorages {
    let file: String

    func storage(_ reference: TorchStorageReference) throws(ConversionError) -> TorchStorage {
        throw .damaged(file: file, reason: "it lacks the storage '\(reference.key)'")
    }
}
