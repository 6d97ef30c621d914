// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Encoders
import Files
public import Foundation
import OrderedCollections
public import Torch
import Weights

/// Writes the folder `unet` of a model, as ``loadUNet(folder:variant:device:warn:)`` and diffusers read it.
///
/// - Throws: `ModelFolderError`, `SafetensorsError`.
public func saveUNet(_ unet: UNet2DConditionModel, to folder: URL, dtype: DType = .float32) throws {
    try ModelFolder.unet(folder).write(
        unet.configuration, weights: Int8Checkpoint.state(of: unet, dtype: dtype))
}

/// Writes the folder `text_encoder` of a model, as ``loadTextEncoder(folder:variant:device:warn:)`` and transformers read it. The tensors
/// have the prefix `text_model.`, which all versions of transformers know.
///
/// - Throws: `ModelFolderError`, `SafetensorsError`.
public func saveTextEncoder(_ encoder: CLIPTextModel, to folder: URL, dtype: DType = .float32) throws {
    try ModelFolder.textEncoder(folder).write(
        encoder.configuration,
        weights: .init(
            uniqueKeysWithValues: encoder.state.map { ("text_model.\($0)", $1.to(dtype)) }))
}

/// Writes the folder `vae` of a model, as ``loadAutoencoder(folder:variant:device:warn:)`` and diffusers read it.
///
/// - Throws: `ModelFolderError`, `SafetensorsError`.
public func saveAutoencoder(_ autoencoder: AutoencoderKL, to folder: URL, dtype: DType = .float32) throws {
    try ModelFolder.autoencoder(folder).write(
        autoencoder.configuration, weights: Int8Checkpoint.state(of: autoencoder, dtype: dtype))
}

/// Writes the folder of a tiny autoencoder, as ``loadAutoencoder(folder:variant:device:warn:)`` and diffusers read it.
///
/// - Throws: `ModelFolderError`, `SafetensorsError`.
public func saveAutoencoder(_ autoencoder: AutoencoderTiny, to folder: URL, dtype: DType = .float32) throws {
    try ModelFolder.autoencoder(folder).write(
        autoencoder.configuration, weights: Int8Checkpoint.state(of: autoencoder, dtype: dtype))
}

/// Writes what tells that a folder is a model of Stable Diffusion and how it is sampled: `model_index.json` and `scheduler/`.
///
/// - Parameters:
///   - scheduler: how the model is sampled.
///   - autoencoder: the class of the network in `vae`: `AutoencoderKL` or `AutoencoderTiny`.
///   - folder: the model, which is made if need be.
/// - Throws: `ModelFolderError`.
public func saveModelIndex(
    _ scheduler: SchedulerConfiguration, autoencoder: String = "AutoencoderKL", to folder: URL
) throws {
    let schedulerFolder = folder.appending(path: "scheduler")
    try makeFolder(schedulerFolder)
    try ModelFolder.encode(scheduler, to: schedulerFolder.appending(path: "scheduler_config.json"))
    let index = ModelIndex(scheduler: scheduler.sampler.rawValue, autoencoder: autoencoder)
    try ModelFolder.encode(index, to: folder.appending(path: "model_index.json"))
}

/// Copies all the files of a tokenizer's folder: programs differ in which of them they read.
package func copyTokenizer(_ folder: URL, to copy: URL) throws {
    try makeFolder(copy)
    for name in try names(in: folder) {
        let file = folder.appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path), !isFolder(file) else { continue }
        try copyFile(file, to: copy.appending(path: name))
    }
}

/// `model_index.json`: the library and the class of each part; two nulls for one that there is not.
private struct ModelIndex: Encodable {
    let scheduler: String
    let autoencoder: String

    private enum CodingKeys: String, CodingKey {
        case className = "_class_name"
        case scheduler
        case tokenizer
        case textEncoder = "text_encoder"
        case unet
        case autoencoder = "vae"
        case safetyChecker = "safety_checker"
        case featureExtractor = "feature_extractor"
        case imageEncoder = "image_encoder"
        case requiresSafetyChecker = "requires_safety_checker"
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("StableDiffusionPipeline", forKey: .className)
        try container.encode(["diffusers", scheduler], forKey: .scheduler)
        try container.encode(["transformers", "CLIPTokenizer"], forKey: .tokenizer)
        try container.encode(["transformers", "CLIPTextModel"], forKey: .textEncoder)
        try container.encode(["diffusers", "UNet2DConditionModel"], forKey: .unet)
        try container.encode(["diffusers", autoencoder], forKey: .autoencoder)
        for part in [CodingKeys.safetyChecker, .featureExtractor, .imageEncoder] {
            try container.encode([String?.none, .none], forKey: part)
        }
        try container.encode(false, forKey: .requiresSafetyChecker)
    }
}
