// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import OrderedCollections
import Torch

/// The weights in a pickled value.
struct PickledWeights {
    let value: PickleValue
    let reader: TorchTensors
    /// The bytes of the file, which bound what its tensors may take.
    let size: Int

    private var file: String { reader.file }

    /// Keys that go before others: the average in EDM's snapshots, and what many programs call the weights.
    private static let preferredKeys = ["ema", "state_dict"]

    /// Parts of a network may share a storage, and small tensors cost little however they are stored.
    private var budget: Int { 4 * size + 1 << 24 }

    func read(_ format: ForeignWeights.Format, key: String?) throws(ConversionError) -> ForeignWeights {
        let chosen = try entry(key)
        var tensors: OrderedDictionary<String, Tensor> = [:]
        var left = budget
        let found = try PickledTensors(in: chosen, file: file)
        if let unread = found.unread { throw .unread(unread, file: file) }
        for (name, value) in found.tensors {
            guard !name.isEmpty, name != "__metadata__" else {
                throw .unsupported(file: file, reason: "it has a tensor of the name '\(name)'")
            }
            guard let stored = try reader.tensor(value) else { continue }
            left -= stored.byteCount
            guard left >= 0 else {
                throw .damaged(file: file, reason: "its tensors are many times as large as the file")
            }
            tensors[name] = stored.tensor()
        }
        guard !tensors.isEmpty else { throw .noTensors(file: file) }
        return ForeignWeights(tensors: tensors, format: format, module: ForeignModule(chosen, file: file))
    }

    /// The value that holds the weights.
    private func entry(_ key: String?) throws(ConversionError) -> PickleValue {
        guard let entries = value.entries, PickledModule(value) == nil else {
            if let key { throw .noSuchKey(file: file, key: key, keys: []) }
            return value
        }
        var candidates: OrderedDictionary<String, PickleValue> = [:]
        var unread: [String: PickleValue] = [:]
        for (key, value) in entries {
            guard let key = key.text else { continue }
            if TorchTensors.isTensor(value) {
                candidates = [:]
                break
            }
            let found = try PickledTensors(in: value, file: file)
            if !found.tensors.isEmpty {
                candidates[key] = value
            } else if found.unread != nil {
                unread[key] = value
            }
        }
        if let key {
            guard let chosen = candidates[key] ?? unread[key] else {
                throw .noSuchKey(file: file, key: key, keys: Array(candidates.keys))
            }
            return chosen
        }
        if candidates.isEmpty { return value }
        if candidates.count == 1 { return candidates.values[0] }
        for key in Self.preferredKeys { if let chosen = candidates[key] { return chosen } }
        throw .severalKeys(file: file, keys: Array(candidates.keys))
    }
}
