// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
import Encoders
import Files
public import Foundation
import Models
import OrderedCollections
public import Torch
import Weights

/// Writes a generator of images as `model.onnx`, with its weights in `model.safetensors` beside it and, in `example.safetensors`,
/// inputs and the `image` that is to come of them; see ``ONNXModel``. An older export in the folder's place is replaced.
///
/// - Parameters:
///   - generator: of a network that is conditioned on nothing but classes.
///   - folder: the folder to write, whole or not at all.
///   - weightType: what weights are stored as, float32 or float16.
/// - Throws: ``ONNXError``, ``OneStepModelError/occupied(folder:)``, `FileError`.
public func writeONNXFolder(
    of generator: Generator<some Denoiser>, to folder: URL, weightType: DType = .float32
) throws {
    let model = try ONNXModel(generator, weightType: weightType)
    try replaceONNXFolder(folder, marker: modelFile) { folder in
        try model.write(to: folder.appending(path: modelFile))
        try SafetensorsFile.write(
            example(of: generator),
            metadata: [ONNXExample.limitKey: "\(weightType == .float32 ? 1e-4 : 2e-2)"],
            to: folder.appending(path: ONNXExample.file))
    }
}

/// Writes a one-step generator of images of text in the layout of optimum's `ORTDiffusionPipeline`: `unet`, `vae_decoder` and
/// `text_encoder`, each with `model.onnx`, its weights and its settings, beside scheduler and tokenizer.
///
/// An older export in the folder's place is replaced.
///
/// - Parameters:
///   - model: the folder of the generator; its weights must be those that its contract names.
///   - folder: the folder to write, whole or not at all. Its `contract.json` names the files of models.
///   - weightType: what weights are stored as, float32 or float16.
/// - Throws: ``ONNXError``, ``OneStepModelError``, `StableDiffusionError`, `ModelFolderError`, `SafetensorsError`, `FileError`.
public func writeONNXFolder(ofModel model: URL, to folder: URL, weightType: DType = .float32) throws {
    var contract = try OneStepContract(of: model)
    try contract.requireFloats(in: model)
    try contract.checkWeights(in: model)
    let source = try StableDiffusion(folder: model)
    let parts = [
        (
            "unet", "unet",
            try source.unet.onnx(factor: source.folder.unet.downsamplingFactor, weightType: weightType)
        ),
        (
            "vae_decoder", "vae",
            try source.autoencoder.onnxDecoder(
                scalingFactor: contract.scalingFactor, weightType: weightType)
        ),
        ("text_encoder", "text_encoder", try source.promptEncoder.network.onnx(weightType: weightType)),
    ]
    try replaceONNXFolder(folder, marker: "unet/\(modelFile)") { folder in
        let autoencoder = try ModelFolder.autoencoder(model.appending(path: "vae"))
            .configuration(as: AutoencoderConfiguration.self)
        try saveModelIndex(source.folder.scheduler, autoencoder: autoencoder.className, to: folder)
        contract.weights = [:]
        for (name, original, part) in parts {
            let place = folder.appending(path: name)
            try makeFolder(place)
            try copyFile(
                model.appending(path: "\(original)/config.json"), to: place.appending(path: "config.json"))
            try part.write(to: place.appending(path: modelFile))
            for file in [modelFile, "model.safetensors"] {
                contract.weights["\(name)/\(file)"] = try sha256(ofFile: place.appending(path: file))
            }
        }
        try copyTokenizer(model.appending(path: "tokenizer"), to: folder.appending(path: "tokenizer"))
        try contract.write(to: folder)
    }
}

let modelFile = "model.onnx"

/// Writes a folder in the place of nothing, or of one that has a file of the same kind of export.
private func replaceONNXFolder(_ folder: URL, marker: String, _ fill: (URL) throws -> Void) throws {
    let place = folder.standardizedFileURL
    let manager = FileManager.default
    guard
        !manager.fileExists(atPath: place.path)
            || manager.fileExists(atPath: place.appending(path: marker).path)
    else { throw OneStepModelError.occupied(folder: folder.path) }
    try writeFolderAtomically(place, fill)
}

/// Inputs of a generator's model, and the images that it makes of them.
private func example(of generator: Generator<some Denoiser>) -> OrderedDictionary<String, Tensor> {
    let (network, count) = (generator.network, 4)
    let noise = generator.levels.indices.map { step in
        sampleNoise(Array(0..<count), seed: UInt64(step), shape: network.sampleShape)
    }
    var tensors: OrderedDictionary = ["z": noise[0]]
    var condition: Condition?
    if network.classCount > 0 {
        let labels = Tensor((0..<count).map { $0 % network.classCount })
        tensors["class_labels"] = labels
        condition = .classes(labels.oneHot(classCount: network.classCount).to(.float32))
    }
    for (step, noise) in noise.enumerated().dropFirst() { tensors["noise_\(step)"] = noise }
    tensors["image"] = withoutGradients { generator(noise[0], given: condition) { noise[$0] } }
    return tensors
}

extension UNet2DConditionModel {
    /// The network as optimum's pipelines call it: `sample` `[batch, C, height, width]`, `timestep` `[]` and
    /// `encoder_hidden_states` `[batch, tokens, D]` give `out_sample`.
    ///
    /// - Parameter factor: what height and width are multiples of.
    func onnx(factor: Int, weightType: DType) throws(ONNXError) -> ONNXModel {
        try ONNXModel(
            name: "unet",
            inputs: [
                .reals(
                    "sample",
                    [.free("batch"), .fixed(configuration.inChannels), .free("height"), .free("width")]),
                .numbers("timestep", below: 1000, []),
                .reals(
                    "encoder_hidden_states",
                    [.free("batch"), .free("tokens"), .fixed(configuration.crossAttentionDim)]),
            ],
            outputs: ["out_sample"], weights: state, weightType: weightType,
            sizes: { sizes($0, factor: factor) }
        ) { inputs in
            let time = inputs[1].to(.float32).unsqueezed(0).expanded(to: [inputs[0].shape[0]])
            return [self(inputs[0], time: time, context: inputs[2])]
        }
    }
}

extension ImageAutoencoder {
    /// The decoder as optimum's pipelines call it: `latent_sample` `[batch, C, height, width]`, already divided by the scaling
    /// factor, gives `sample`.
    func onnxDecoder(scalingFactor: Double, weightType: DType) throws(ONNXError) -> ONNXModel {
        try ONNXModel(
            name: "vae_decoder",
            inputs: [
                .reals(
                    "latent_sample",
                    [.free("batch"), .fixed(latentChannels), .free("height"), .free("width")])
            ],
            outputs: ["sample"], weights: state, weightType: weightType, sizes: { sizes($0, factor: 1) }
        ) { inputs in [decode(inputs[0] * scalingFactor)] }
    }
}

extension CLIPTextModel {
    /// The network as optimum's pipelines call it: `input_ids`, int64 `[batch, positions]`, give `last_hidden_state`.
    func onnx(weightType: DType) throws(ONNXError) -> ONNXModel {
        try ONNXModel(
            name: "text_encoder",
            inputs: [
                .numbers(
                    "input_ids", below: configuration.vocabularySize,
                    [.free("batch"), .fixed(configuration.positions)])
            ],
            outputs: ["last_hidden_state"], weights: state, weightType: weightType
        ) { inputs in [self(inputs[0])] }
    }
}

/// Values of free sizes that differ from each other and from what networks have fixed.
private func sizes(_ name: String, factor: Int) -> (Int, Int) {
    switch name {
    case "batch": (2, 3)
    case "height": (3 * factor, 5 * factor)
    case "width": (4 * factor, 7 * factor)
    default: (11, 13)
    }
}
