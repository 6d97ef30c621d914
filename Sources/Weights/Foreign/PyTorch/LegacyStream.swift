// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Torch

/// What `torch.save` wrote before its zip format, and still writes within pickles: one after the other, a pickled magic
/// number, version, description of the machine, value, and list of keys; then, for each key, the number of elements in
/// eight bytes and the elements. Little-endian throughout.
struct LegacyStream: TorchStorages {
    let value: PickleValue
    let references: [PickleItems]

    private let storages: [String: TorchStorage]
    private let file: String

    /// 0x1950a86a20f9469cfc6c
    private static let magic: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    /// The same in protocols 0 and 1: an instruction, digits, and an end of the pickle.
    private static let magicLine = Data("L119547037146038801333356L\n.".utf8)
    private static let version = 1001

    /// Whether data begins as such a stream does: the magic number comes in the first few bytes.
    static func begins(_ data: Data) -> Bool {
        if data.starts(with: magicLine) { return true }
        guard Pickle.begins(data) else { return false }
        // From protocol 4 on, a frame may come first.
        let start = data.dropFirst(2)
        let rest = start.first == 0x95 ? start.dropFirst(9) : start
        return rest.starts(with: [0x8A, UInt8(magic.count)] + magic)
    }

    init(_ data: Data, file: String) throws(ConversionError) {
        self.file = file
        var rest = data
        func damaged(_ reason: String) -> ConversionError { .damaged(file: file, reason: reason) }
        func next() throws(ConversionError) -> Pickle {
            let pickle = try converting { () throws(ArchiveError) in
                try Pickle(rest, named: file, globals: TorchGlobals.all, unknown: .opaque)
            }
            rest = rest[pickle.end...]
            return pickle
        }
        guard Self.begins(data) else { throw damaged("it does not begin as a file of torch.save does") }
        _ = try next()
        guard try next().value.int == Self.version else {
            throw damaged("it is of an unknown version of torch.save")
        }
        if case .bool(false)? = try next().value["little_endian"] {
            throw .unsupported(file: file, reason: "it was written by a big-endian machine")
        }
        let pickle = try next()
        (value, references) = (pickle.value, pickle.references)

        var stated: [String: TorchStorageReference] = [:]
        for parts in references {
            let reference = try TorchStorageReference(parts, file: file)
            let known = stated.updateValue(reference, forKey: reference.key) ?? reference
            guard known.dtype == reference.dtype, known.count == reference.count else {
                throw damaged("it describes the storage '\(reference.key)' in two ways")
            }
        }
        var storages: [String: TorchStorage] = [:]
        guard let keys = try next().value.items else { throw damaged("its storages have no keys") }
        for key in keys {
            guard let key = key.text, let reference = stated[key] else {
                throw damaged("it has a storage that nothing refers to")
            }
            let count = rest.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard rest.count >= 8, count == reference.count, reference.byteCount <= rest.count - 8 else {
                throw damaged("it breaks off in the storage '\(key)', or states another size for it")
            }
            storages[key] = TorchStorage(
                dtype: reference.dtype, bytes: rest.dropFirst(8).prefix(reference.byteCount))
            rest = rest.dropFirst(8 + reference.byteCount)
        }
        self.storages = storages
    }

    func storage(_ reference: TorchStorageReference) throws(ConversionError) -> TorchStorage {
        guard let storage = storages[reference.key] else {
            throw .damaged(file: file, reason: "it lacks the storage '\(reference.key)'")
        }
        return storage
    }
}
