// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
import Files
public import Foundation
import OrderedCollections
public import Torch
import Weights

/// Makes a folder in diffusers' layout of a file that holds a whole model of Stable Diffusion 1 or 2 by CompVis's names, such as
/// `v1-5-pruned-emaonly.safetensors` or a `.ckpt`, in which nothing is run.
///
/// The file has neither settings nor a tokenizer: sizes show in the tensors' shapes, everything else is that of Stable Diffusion. The
/// folder is written whole or not at all.
///
/// - Parameters:
///   - file: the model.
///   - tokenizer: the folder of CLIP's tokenizer, or of a model that has one as `tokenizer/`.
///   - prediction: what the network predicts; needed for version 2 unless the file tells.
///   - average: whether to take the average of the U-Net's weights that a file of the training may hold.
///   - folder: the folder to write; one that is there is replaced.
///   - dtype: what weights are stored as; if not given, as they are.
///   - warn: hears of tensors that are of no part of the model, and ignored.
/// - Throws: ``SingleFileError``, `ModelFolderError` where tensors are not those of the network, `TokenizerError`, `SafetensorsError`,
///   `ConversionError`, `FileError`.
public func unpackSingleFile(
    _ file: URL, tokenizer: URL, prediction: PredictionType? = nil, average: Bool = false, to folder: URL,
    dtype: DType? = nil, warn: (String) -> Void = { _ in }
) throws {
    var reader = try SingleFileReader(file, dtype: dtype)
    let prediction = try prediction ?? reader.prediction()
    let nested = tokenizer.appending(path: "tokenizer")
    let tokenizer = isFolder(nested) ? nested : tokenizer
    let (known, taken) = (
        try CLIPTokenizer(folder: tokenizer).vocabularySize, reader.sizes.textEncoder.vocabularySize
    )
    guard known <= taken else {
        throw StableDiffusionError.partsDiffer(
            folder: file.path, reason: "the tokenizer has \(known) tokens, the text encoder \(taken)")
    }
    (reader.sizes.unet.sampleHeight, reader.sizes.unet.sampleWidth) = reader.sampleSize(prediction)
    try writeFolderAtomically(folder.standardizedFileURL) { folder in
        let unet = reader.sizes.unet
        try ModelFolder.unet(folder.appending(path: "unet")).write(
            unet, weights: reader.unet(average: average))
        try ModelFolder.autoencoder(folder.appending(path: "vae")).write(
            reader.sizes.autoencoder, weights: reader.autoencoder())
        try ModelFolder.textEncoder(folder.appending(path: "text_encoder")).write(
            reader.sizes.textEncoder, weights: reader.textEncoder())
        try copyTokenizer(tokenizer, to: folder.appending(path: "tokenizer"))
        var scheduler = SchedulerConfiguration()
        scheduler.prediction = prediction
        if let name = reader.metadata[SingleFileMetadata.sampler] {
            scheduler.sampler = SchedulerConfiguration.Sampler(rawValue: name) ?? scheduler.sampler
            let steps = reader.metadata[SingleFileMetadata.steps].flatMap { Int($0) } ?? 1
            scheduler.generatorSteps = scheduler.betas.count.isMultiple(of: max(1, steps)) ? max(1, steps) : 1
        }
        try saveModelIndex(scheduler, to: folder)
    }
    if let surplus = reader.surplus { warn(surplus) }
}

/// The version of Stable Diffusion, 1 or 2, of a file that has the tensors of a U-Net by CompVis's names, as one of a whole model
/// does; nil for another file.
///
/// - Throws: `SafetensorsError`, `ConversionError`.
package func singleFileVersion(_ file: URL) throws -> Int? {
    let names = try StoredWeights(file).names
    guard names.contains(where: { $0.hasPrefix(CompVisNames.unet) }) else { return nil }
    return names.contains { $0.hasPrefix(OpenCLIPNames.prefix) } ? 2 : 1
}

/// The keys of a single file's metadata.
package enum SingleFileMetadata {
    /// What the network predicts, `epsilon` or `v`, by the specification of model metadata that user interfaces share.
    package static let prediction = "modelspec.prediction_type"
    /// The size of the images that the model was trained on, `WIDTHxHEIGHT`, by the same.
    package static let resolution = "modelspec.resolution"
    /// diffusers' name of the sampler, where it is not left to the user: that of one step.
    package static let sampler = "dmd.sampler"
    /// The steps that a generator was trained for, 1 where nothing is said.
    package static let steps = "dmd.steps"
}

/// Reads the networks of a single file by diffusers' names.
private struct SingleFileReader {
    var sizes: SingleFileSizes
    let metadata: [String: String]
    private let file: StoredWeights
    private let dtype: DType?
    private let names: Set<String>
    private var taken: Set<String> = []

    init(_ url: URL, dtype: DType?) throws {
        let file = try StoredWeights(url)
        let names = Set(file.names)
        (self.file, self.dtype, self.names, metadata) = (file, dtype, names, file.metadata)
        if let kind = Self.otherKind(names) { throw SingleFileError.otherKind(file: url.path, found: kind) }
        sizes = try SingleFileSizes(
            Dictionary(uniqueKeysWithValues: names.map { ($0, try file.shape(of: $0)) }), file: url.path)
    }

    private static func otherKind(_ names: Set<String>) -> String? {
        for (prefix, kind) in [
            ("conditioner.embedders.", "Stable Diffusion XL"), ("control_model.", "a ControlNet"),
            ("\(CompVisNames.unet)joint_blocks.", "Stable Diffusion 3"),
            ("\(CompVisNames.unet)double_blocks.", "Flux"), ("lora_unet_", "a LoRA"), ("lora_te_", "a LoRA"),
        ] where names.contains(where: { $0.hasPrefix(prefix) }) {
            return kind
        }
        return nil
    }

    func prediction() throws -> PredictionType {
        switch metadata[SingleFileMetadata.prediction] {
        case "v", "v_prediction": return .velocity
        case "epsilon": return .epsilon
        default:
            guard !sizes.isVersion2 else { throw SingleFileError.unknownPrediction(file: file.url.path) }
            return .epsilon
        }
    }

    /// Height and width of the latents that the model was trained on: those that the file tells, else those of the published models.
    func sampleSize(_ prediction: PredictionType) -> (height: Int, width: Int) {
        let reduction = 1 << (sizes.autoencoder.blockOutChannels.count - 1)
        let told = (metadata[SingleFileMetadata.resolution] ?? "").split(separator: "x").compactMap {
            Int($0).map { $0 / reduction }
        }
        if told.count == 2, told.allSatisfy((1...65_536).contains) { return (told[1], told[0]) }
        return sizes.isVersion2 && prediction == .velocity ? (96, 96) : (64, 64)
    }

    mutating func unet(average: Bool) throws -> OrderedDictionary<String, Tensor> {
        let names = CompVisNames(of: sizes.unet)
        let prefix = CompVisNames.unet
        if average, !self.names.contains(Self.averaged("\(prefix)input_blocks.0.0.weight")) {
            throw SingleFileError.noAverage(file: file.url.path)
        }
        var stream = RandomStream(seed: 0, purpose: "network.weights")
        return try tensors(of: UNet2DConditionModel(sizes.unet, initialisation: .none, from: &stream)) {
            name in
            guard let stored = names.compVis(name).map({ prefix + $0 }) else { return nil }
            return average ? Self.averaged(stored) : stored
        }
    }

    /// The name of a tensor's average: without dots, since it is that of a buffer.
    private static func averaged(_ name: String) -> String {
        "model_ema." + name.dropFirst("model.".count).replacing(".", with: "")
    }

    mutating func autoencoder() throws -> OrderedDictionary<String, Tensor> {
        let names = CompVisNames(of: sizes.autoencoder)
        var stream = RandomStream(seed: 0, purpose: "network.weights")
        return try tensors(of: AutoencoderKL(sizes.autoencoder, initialisation: .none, from: &stream)) {
            names.compVis($0).map { CompVisNames.autoencoder + $0 }
        }
    }

    mutating func textEncoder() throws -> OrderedDictionary<String, Tensor> {
        var stream = RandomStream(seed: 0, purpose: "network.weights")
        let network = CLIPTextModel(sizes.textEncoder, initialisation: .none, from: &stream)
        var parts: [String: (name: String, part: Int, count: Int)] = [:]
        if sizes.isVersion2 {
            for name in names where name.hasPrefix(OpenCLIPNames.prefix) {
                let owns = OpenCLIPNames.transformers(String(name.dropFirst(OpenCLIPNames.prefix.count)))
                for (part, own) in owns.enumerated() { parts[own] = (name, part, owns.count) }
            }
        }
        let isVersion2 = sizes.isVersion2
        let found = try tensors(
            of: network,
            { parts[$0]?.name ?? (isVersion2 ? nil : "\(CompVisNames.textEncoder)text_model.\($0)") },
            part: { name, tensor in
                guard let part = parts[name], part.count > 1 else { return tensor }
                return tensor.chunked(part.count)[part.part]
            })
        return .init(uniqueKeysWithValues: found.map { ("text_model.\($0)", $1) })
    }

    /// The tensors of a network.
    ///
    /// - Parameters:
    ///   - stored: the name in the file of one of the network's tensors.
    ///   - part: what of the stored tensor is the network's.
    private mutating func tensors(
        of network: some Module, _ stored: (String) -> String?,
        part: (String, Tensor) -> Tensor = { $1 }
    ) throws -> OrderedDictionary<String, Tensor> {
        var tensors: OrderedDictionary<String, Tensor> = [:]
        for (name, target) in network.state {
            let found = stored(name)
            guard let found, names.contains(found) else {
                throw SingleFileError.missing(file: file.url.path, tensor: found ?? name)
            }
            let tensor = part(name, try file.tensor(found))
            guard tensor.shape.filter({ $0 > 1 }) == target.shape.filter({ $0 > 1 }) else {
                throw SingleFileError.otherShape(
                    file: file.url.path, tensor: found, expected: target.shape, found: tensor.shape)
            }
            let shaped = tensor.reshaped(target.shape)
            tensors[name] = dtype.map { shaped.to($0) } ?? shaped.contiguous()
            taken.insert(found)
        }
        return tensors
    }

    /// What is of no part, in a sentence; nil if there is nothing, or only what files of the training hold beside the model.
    var surplus: String? {
        let others = names.subtracting(taken).filter { name in
            let isOfTraining =
                !name.contains(".") || name.hasPrefix("model_ema.") || name.hasSuffix(".position_ids")
                || name.hasPrefix("model.") && taken.contains(Self.averaged(name))
                || name.hasPrefix("first_stage_model.loss.") || name.hasPrefix(OpenCLIPNames.prefix)
            return !isOfTraining
        }.sorted()
        guard !others.isEmpty else { return nil }
        let shown = others.prefix(3).joined(separator: ", ")
        return
            "\(file.url.relativePath) has \(others.count == 1 ? "a tensor" : "\(others.count) tensors") of no part of the model, \(shown)"
            + "\(others.count > 3 ? " and others" : ""): they are ignored."
    }
}
