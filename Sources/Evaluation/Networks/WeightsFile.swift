// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import OrderedCollections
import Torch
import Weights

/// A file that should hold the weights of a metric network, in any format that is read.
struct WeightsFile {
    private let url: URL
    private let tensors: OrderedDictionary<String, Tensor>
    private let network: EvaluationError.Network
    /// The SHA-256 sum of the file as it was published: of this one, or of the one that `dmd convert` made it of; nil if
    /// another program did.
    let sourceHash: String?

    /// - Throws: ``EvaluationError/missingWeights(file:of:)``; `ConversionError` or `SafetensorsError` for a file that holds no
    ///   weights or is damaged.
    init(_ url: URL, of network: EvaluationError.Network) throws {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw EvaluationError.missingWeights(file: url.path, of: network)
        }
        let weights = try readForeignWeights(at: url)
        (self.url, tensors, self.network) = (url, weights.tensors, network)
        if weights.format == .safetensors {
            struct Source: Decodable { let sha256: String }
            let source = Data(weights.metadata["dmd.source", default: ""].utf8)
            sourceHash = (try? JSONDecoder().decode(Source.self, from: source))?.sha256
        } else {
            sourceHash = try sha256(ofFile: url)
        }
    }

    /// One tensor, converted and moved.
    ///
    /// - Throws: ``EvaluationError/foreignWeights(file:of:tensor:expected:found:)``.
    func tensor(_ name: String, shape: [Int], dtype: DType, device: Device) throws -> Tensor {
        guard let tensor = tensors[name], tensor.shape == shape else {
            throw EvaluationError.foreignWeights(
                file: url.path, of: network, tensor: name, expected: shape, found: tensors[name]?.shape)
        }
        return tensor.to(dtype).to(device)
    }

    /// Checks that the file holds nothing else.
    ///
    /// - Parameters:
    ///   - names: the tensors that belong to the network.
    ///   - suffix: what the names of further tensors may end with.
    /// - Throws: ``EvaluationError/surplusWeights(file:of:tensor:)``.
    func requireNoOthers(than names: [String], except suffix: String) throws {
        let known = Set(names)
        if let name = tensors.keys.first(where: { !known.contains($0) && !$0.hasSuffix(suffix) }) {
            throw EvaluationError.surplusWeights(file: url.path, of: network, tensor: name)
        }
    }
}
