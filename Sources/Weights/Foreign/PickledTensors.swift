// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import OrderedCollections

/// The tensors that lie in a pickled value, by the names that PyTorch gives them: those of a module's state, and keys of
/// nested dictionaries and positions in lists joined by dots.
struct PickledTensors {
    private(set) var tensors: OrderedDictionary<String, PickleValue> = [:]
    /// The first of the values whose class is not known, if there is one: it may be, or hold, a tensor.
    private(set) var unread: String?
    private let file: String
    private var visits = 0

    /// As many levels as no real file has; a value may contain itself.
    private static let largestDepth = 64
    /// More than any network has parts; a value may contain another in many places.
    private static let largestVisits = 1 << 20

    init(in value: PickleValue, file: String) throws(ConversionError) {
        self.file = file
        try collect(value, under: "", depth: 0)
    }

    private mutating func collect(
        _ value: PickleValue, under name: String, depth: Int
    ) throws(ConversionError) {
        visits += 1
        guard depth <= Self.largestDepth, visits <= Self.largestVisits else {
            throw .damaged(file: file, reason: "its values nest without end")
        }
        if case .opaque(let global) = value {
            note(name.isEmpty ? "its value" : "'\(name.prefix(200))'", of: global)
        } else if TorchTensors.isTensor(value) {
            guard tensors.updateValue(value, forKey: name) == nil else {
                throw .damaged(file: file, reason: "it names '\(name)' twice")
            }
        } else if let module = PickledModule(value) {
            try collect(module, under: name, depth: depth)
        } else if let entries = value.entries, !entries.isEmpty {
            for (key, value) in entries {
                if case .opaque(let global) = key { note("a key", of: global) }
                guard let key = key.text ?? key.int.map(String.init) else { continue }
                try collect(value, under: Self.join(name, key), depth: depth + 1)
            }
        } else if let items = value.items {
            for (index, item) in items.enumerated() {
                try collect(item, under: Self.join(name, String(index)), depth: depth + 1)
            }
        }
    }

    /// PyTorch's order: a module's parameters, its buffers, then its children.
    private mutating func collect(
        _ module: PickledModule, under name: String, depth: Int
    ) throws(ConversionError) {
        for (key, value) in module.parameters + module.persistentBuffers + module.children {
            try collect(value, under: Self.join(name, key), depth: depth + 1)
        }
    }

    private mutating func note(_ place: String, of global: String) {
        if unread == nil { unread = "\(place) is of \(global)" }
    }

    private static func join(_ name: String, _ key: String) -> String {
        name.isEmpty ? key : "\(name).\(key)"
    }
}
