// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
import Foundation
import Torch
import Weights

/// A safetensors file that should hold the weights of a metric network.
struct WeightsFile {
    private let file: SafetensorsFile
    private let network: EvaluationError.Network

    /// - Throws: ``EvaluationError/missingWeights(file:of:)``, or `SafetensorsError` for a damaged file.
    init(_ url: URL, of network: EvaluationError.Network) throws {
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw EvaluationError.missingWeights(file: url.path, of: network)
        }
        file = try SafetensorsFile(url)
        self.network = network
    }

    /// The SHA-256 sum of the file that `dmd convert` made this one of.
    var sourceHash: String? {
        struct Source: Decodable { let sha256: String }
        let source = Data(file.metadata["dmd.source", default: ""].utf8)
        return (try? JSONDecoder().decode(Source.self, from: source))?.sha256
    }

    /// One tensor, converted and moved.
    ///
    /// - Throws: ``EvaluationError/foreignWeights(file:of:tensor:expected:found:)``.
    func tensor(_ name: String, shape: [Int], dtype: DType, device: Device) throws -> Tensor {
        let found = file.names.contains(name) ? try file.shape(of: name) : nil
        guard found == shape else {
            throw EvaluationError.foreignWeights(
                file: file.url.path, of: network, tensor: name, expected: shape, found: found)
        }
        return try file.tensor(name).to(dtype).to(device)
    }

    /// Checks that the file holds nothing else.
    ///
    /// - Parameters:
    ///   - names: the tensors that belong to the network.
    ///   - suffix: what the names of further tensors may end with.
    /// - Throws: ``EvaluationError/surplusWeights(file:of:tensor:)``.
    func requireNoOthers(than names: [String], except suffix: String) throws {
        let known = Set(names)
        if let name = file.names.first(where: { !known.contains($0) && !$0.hasSuffix(suffix) }) {
            throw EvaluationError.surplusWeights(file: file.url.path, of: network, tensor: name)
        }
    }
}
