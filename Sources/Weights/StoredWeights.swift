// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Foundation
package import OrderedCollections
package import Torch

/// One of a network's files of weights: safetensors, which is read tensor by tensor, or one of PyTorch, which is read whole, by the
/// reader that runs nothing.
package enum StoredWeights {
    case safetensors(SafetensorsFile)
    case pickled(URL, OrderedDictionary<String, Tensor>)

    /// - Throws: ``SafetensorsError``, ``ConversionError``.
    package init(_ url: URL) throws {
        guard url.pathExtension == "safetensors" else {
            self = .pickled(url, try readForeignWeights(at: url).tensors)
            return
        }
        self = .safetensors(try SafetensorsFile(url))
    }

    package var url: URL {
        switch self {
        case .safetensors(let file): file.url
        case .pickled(let url, _): url
        }
    }

    package var names: [String] {
        switch self {
        case .safetensors(let file): file.names
        case .pickled(_, let tensors): Array(tensors.keys)
        }
    }

    package func shape(of name: String) throws -> [Int] {
        switch self {
        case .safetensors(let file): try file.shape(of: name)
        case .pickled: try tensor(name).shape
        }
    }

    /// The texts stored along with the weights; none in PyTorch's files.
    package var metadata: [String: String] {
        switch self {
        case .safetensors(let file): file.metadata
        case .pickled: [:]
        }
    }

    func dtype(of name: String) throws -> DType {
        switch self {
        case .safetensors(let file): try file.dtype(of: name)
        case .pickled: try tensor(name).dtype
        }
    }

    package func tensor(_ name: String) throws -> Tensor {
        switch self {
        case .safetensors(let file): return try file.tensor(name)
        case .pickled(let url, let tensors):
            guard let tensor = tensors[name] else {
                throw SafetensorsError.missingTensor(file: url.path, tensor: name)
            }
            return tensor
        }
    }

    /// Copies a tensor's numbers into one of as many.
    func copy(_ name: String, into target: Tensor) throws {
        if case .safetensors(let file) = self, try file.shape(of: name) == target.shape {
            try file.copy(name, into: target)
        } else {
            target.copy(from: try tensor(name).reshaped(target.shape))
        }
    }

    /// The same file, opened again: of a mapped file, what was read counts as memory until it is closed.
    func reopened() throws -> Self {
        switch self {
        case .safetensors(let file): .safetensors(try SafetensorsFile(file.url))
        case .pickled: self
        }
    }
}
