// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Files
import Foundation
import Models
import OrderedCollections
import Torch
import Weights

/// Turns weights that other programs wrote into safetensors.
struct Convert: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Convert weights of EDM, PyTorch or NumPy to safetensors.",
        discussion: """
            Reads EDM's .pkl, files of torch.save, .npz, .npy and safetensors, told apart by what is in them. Nothing that \
            a file holds is run, and one that asks for more than data is refused. The result of one of EDM's networks \
            is a teacher for every other command.
            """)

    @Argument(help: "The weights.")
    var input: Path

    @Argument(help: "The safetensors file to write.")
    var output: Path

    @Option(help: "Which of several sets of weights in the file (default: ema or state_dict).")
    var key: String?

    @Option(
        help:
            "The type to store numbers with a fraction in: float32, float16 or bfloat16 (default: as they are)."
    )
    var dtype: StoredType?

    enum StoredType: String, ExpressibleByArgument, CaseIterable {
        case float32, float16, bfloat16

        var dtype: DType {
            switch self {
            case .float32: .float32
            case .float16: .float16
            case .bfloat16: .bfloat16
            }
        }
    }

    func run() throws {
        if output.isFolder {
            throw CommandError("\(output) is a folder: name the safetensors file to write.")
        }
        var weights = try readForeignWeights(at: input.url, key: key)
        let description = try denoiserDescription(of: weights, file: input.description)
        if let dtype {
            weights.tensors = weights.tensors.mapValues { $0.dtype.isFloatingPoint ? $0.to(dtype.dtype) : $0 }
        }
        var metadata = try metadata(of: weights)
        if let description { metadata.merge(try description.metadata()) { $1 } }
        try SafetensorsFile.write(weights.tensors, metadata: metadata, to: output.url)
        let count = weights.tensors.values.reduce(0) { $0 + $1.count }
        print(
            "\(output): \(weights.tensors.count) tensors, \(count.formatted()) values, from \(weights.format.rawValue)"
                + (description.map { ": \($0.network.summary)" }
                    ?? ", of no network that is a teacher by itself")
        )
    }

    private func metadata(of weights: ForeignWeights) throws -> [String: String] {
        let data = try Data(contentsOf: input.url, options: .alwaysMapped)
        let source = WeightsSource(
            file: input.url.lastPathComponent, sha256: sha256(data), format: weights.format.rawValue,
            key: key,
            module: weights.module)
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
