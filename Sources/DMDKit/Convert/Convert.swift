// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
import Models
import OrderedCollections
import Torch
import Weights

/// Turns weights of EDM, PyTorch or NumPy into safetensors. Nothing that a file holds is run: what is no part of the
/// weights is left unread. The result of one of EDM's networks is a teacher for every other job.
public struct Convert: Job {
    /// EDM's .pkl, a file of torch.save, .npz, .npy or safetensors, told apart by what is in it.
    public var input: URL
    /// The safetensors file to write.
    public var output: URL
    /// Which of several sets of weights in the file; nil for `ema` or `state_dict`.
    public var key: String?
    /// The type to store numbers with a fraction in; nil for the one they have.
    public var type: NumberType?
    /// Where it computes.
    public var compute = ComputeSettings.cpu

    /// A conversion; see the properties.
    public init(_ input: URL, to output: URL, key: String? = nil, type: NumberType? = nil) {
        (self.input, self.output, self.key, self.type) = (input, output, key, type)
    }

    /// What was converted.
    public struct Output: Sendable {
        /// One line: how many tensors and values, from which format, of which network.
        public let summary: String
    }

    /// Writes the file.
    public func run(in context: JobContext) throws -> Output {
        if isFolder(output) {
            throw KitError("\(output.relativePath) is a folder: name the safetensors file to write.")
        }
        try requireWritable(file: output)
        var weights = try readForeignWeights(at: input, key: key)
        let description = try denoiserDescription(of: weights, file: input.relativePath)
        if let type {
            weights.tensors = weights.tensors.mapValues { $0.dtype.isFloatingPoint ? $0.to(type.dtype) : $0 }
        }
        var metadata = try metadata(of: weights)
        if let description {
            metadata.merge(try description.metadata()) { $1 }
            metadata.merge(WeightsUse(role: .teacher).metadata) { own, _ in own }
        }
        try context.check()
        try SafetensorsFile.write(weights.tensors, metadata: metadata, to: output)
        let count = weights.tensors.values.reduce(0) { $0 + $1.count }
        let network =
            description.map { ": \($0.network.summary)" } ?? ", of no network that is a teacher by itself"
        return Output(
            summary:
                "\(weights.tensors.count) tensors, \(count.formatted()) values, from \(weights.format.rawValue)"
                + network)
    }

    private func metadata(of weights: ForeignWeights) throws -> [String: String] {
        let source = WeightsSource(
            file: input.lastPathComponent, sha256: try sha256(ofFile: input), format: weights.format.rawValue,
            key: key, module: weights.module)
        var metadata = weights.metadata
        metadata["dmd.source"] = String(decoding: try JSONEncoder.line.encode(source), as: UTF8.self)
        return metadata
    }
}

/// Where converted weights come from, kept as JSON in the metadata under `dmd.source`.
private struct WeightsSource: Encodable {
    let file: String
    let sha256: String
    let format: String
    let key: String?
    /// The classes and settings of the network, where the file tells.
    let module: ForeignModule?
}
