// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
import Models
import OrderedCollections
import Torch
import Weights

/// Turns weights of EDM, PyTorch or NumPy into safetensors, and a whole model of Stable Diffusion in one file into a folder in the layout of
/// diffusers. Nothing that a file holds is run: what is no part of the weights is left unread. The result is a teacher for every
/// other job, if the weights are of one of EDM's networks or of Stable Diffusion.
public struct Convert: Job {
    /// EDM's .pkl, a file of torch.save, .npz, .npy or safetensors, told apart by what is in it.
    public var input: URL
    /// The safetensors file to write; for a whole model of Stable Diffusion, the folder.
    public var output: URL
    /// Which of several sets of weights in the file; nil for `ema` or `state_dict`. Of a whole model, `ema` takes the average of the
    /// U-Net's weights, where the file has it beside them.
    public var key: String?
    /// The type to store numbers with a fraction in; nil for the one they have.
    public var type: NumberType?
    /// For a whole model: the folder of CLIP's tokenizer, or of another model of Stable Diffusion of its version, whose tokenizer it
    /// takes.
    public var tokenizer: URL?
    /// For a whole model: what the network predicts; nil if the file tells, or is of Stable Diffusion 1.
    public var prediction: Prediction?
    /// Where it computes.
    public var compute = ComputeSettings.cpu

    /// What a network of Stable Diffusion predicts.
    public enum Prediction: String, Sendable, CaseIterable {
        /// The noise.
        case epsilon
        /// The velocity, `alpha eps - sigma x`.
        case velocity = "v_prediction"
    }

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
        // What keeps the file from being read, such as a `key` that is needed, the reading below tells.
        if output.pathExtension != "safetensors", SingleFileModel(input) != nil {
            return try unpack(context)
        }
        try refuse(
            ["tokenizer": tokenizer, "prediction": prediction],
            "is for a whole model of Stable Diffusion that is to become a folder")
        if isFolder(output) {
            throw KitError("\(output.relativePath) is a folder: name the safetensors file to write.")
        }
        try requireWritable(file: output)
        var weights = try readForeignWeights(at: input, key: key)
        let description = try denoiserDescription(of: weights, file: input.relativePath)
        if let type {
            weights.tensors = weights.tensors.mapValues { $0.dtype.isFloatingPoint ? $0.to(type.dtype) : $0 }
        }
        warnOfInfinity(in: weights.tensors, context)
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

    /// Says which weights are infinite or no numbers, as those that do not fit the type become too.
    private func warnOfInfinity(in tensors: OrderedDictionary<String, Tensor>, _ context: JobContext) {
        let odd = tensors.filter { _, tensor in
            tensor.dtype.isFloatingPoint && tensor.count > 0
                && tensor.isFinite().to(.uint8).min().item() != 1
        }.keys
        guard let first = odd.first else { return }
        context.warn(
            "\(odd.count) of \(tensors.count) tensors, such as \(first), have values that are infinite or no numbers, and so are the images of "
                + "a network with such weights.")
    }

    /// Makes a folder of a whole model.
    private func unpack(_ context: JobContext) throws -> Output {
        guard !FileManager.default.fileExists(atPath: output.path) || isModelFolder(output) else {
            throw KitError(
                "\(output.relativePath) exists and is no model that could be replaced: name another folder, or remove it."
            )
        }
        guard let tokenizer else {
            throw SettingError(
                "tokenizer", "is missing, which a whole model of Stable Diffusion in one file does not have",
                "name the folder of CLIP's tokenizer or of another such model, or name a file in .safetensors to change the format alone"
            )
        }
        guard key == nil || key == "ema" else {
            throw SettingError(
                "key", "is \(key ?? "")", "a whole model of Stable Diffusion has `ema` at most")
        }
        try requireWritable(folder: output)
        try unpackSingleFile(
            input, tokenizer: tokenizer,
            prediction: prediction.flatMap { PredictionType(rawValue: $0.rawValue) }, average: key == "ema",
            to: output, dtype: type?.dtype, warn: context.warn)
        let folder = try StableDiffusionFolder(output)
        return Output(
            summary:
                "a model of images of text, \(folder.trainedWidth) x \(folder.trainedHeight) pixels, which predicts \(folder.scheduler.prediction)"
        )
    }

    private func isModelFolder(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: "model_index.json").path)
            || (try? names(in: folder))?.isEmpty == true
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
