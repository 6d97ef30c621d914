// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
import Files
public import Foundation
public import Models
public import Torch
import Weights

/// Writes a generator that was distilled from a model of Stable Diffusion: a whole folder in the layout of diffusers, with
/// the tokenizer, the text encoder and the autoencoder of the teacher, and `contract.json`, see ``OneStepContract``.
///
/// `StableDiffusion` and diffusers' `StableDiffusionPipeline` make images of it in one step, or a few, the latter with
///
///     pipeline(prompt, num_inference_steps=1, guidance_scale=0)
///
/// or with `timesteps=[999]`. Weights of the teacher that need no other type are shared with it on the disk, where the file
/// system allows it. The folder is written whole or not at all, in the place of an older generator if there is one; anything
/// else that has its name is left alone.
///
/// - Parameters:
///   - unet: the generator's network.
///   - teacher: the folder of the model that it was distilled from.
///   - variant: that of the teacher's weights, see `StableDiffusionFolder`.
///   - folder: the folder to write; those above it are made if need be.
///   - dtype: what all weights are stored as.
///   - steps: those that the generator takes, evenly spaced; a divisor of the schedule's.
///   - guidance: that of the teacher in the distillation, which the generator has taken in.
/// - Throws: ``OneStepModelError``, `StableDiffusionError`, `ModelFolderError`, `SafetensorsError`.
public func saveOneStepModel(
    _ unet: UNet2DConditionModel, teacher: URL, variant: String? = nil, to folder: URL,
    dtype: DType = .float32, steps: Int = 1, guidance: Double
) throws {
    try write(to: folder, partsOf: teacher, variant, dtype: dtype, steps: steps, guidance: guidance) {
        folder in
        try saveUNet(unet, to: folder, dtype: dtype)
        let original = ModelFolder.unet(teacher.appending(path: "unet"))
        guard try original.configuration() == unet.configuration else { return }
        // It may say more, such as what diffusers is to compute in a wider type.
        try copyFile(original.settings, to: ModelFolder.unet(folder).settings)
    }
}

/// Writes a one-step generator some of whose layers have numbers of eight bits. It is for this software: `contract.json` says so.
///
/// - Parameters:
///   - unet: the generator's network.
///   - autoencoder: what makes images of its latents.
///   - model: the folder of the generator without such numbers.
///   - folder: the folder to write.
/// - Throws: ``OneStepModelError``, `StableDiffusionError`, `ModelFolderError`, `SafetensorsError`.
public func saveInt8Model(
    _ unet: UNet2DConditionModel, _ autoencoder: any ImageAutoencoder, of model: URL, to folder: URL
) throws {
    let contract = try OneStepContract(of: model)
    let steps = try SchedulerConfiguration(ofModel: model).generatorSteps
    try write(
        to: folder, partsOf: model, nil, dtype: .float32, steps: steps, guidance: contract.guidance,
        isInt8: true
    ) { folder in
        try ModelFolder.unet(model.appending(path: "unet")).copy(
            to: folder, weights: Int8Checkpoint.state(of: unet))
    } writeAutoencoder: { folder in
        try ModelFolder.autoencoder(model.appending(path: "vae")).copy(
            to: folder, weights: Int8Checkpoint.state(of: autoencoder))
    }
}

/// Copies the folder of a one-step generator with weights of another type, see
/// ``saveOneStepModel(_:teacher:variant:to:dtype:steps:guidance:)``.
///
/// - Parameters:
///   - model: the generator; its weights must be those that its contract names.
///   - folder: the folder to write.
///   - dtype: what all weights are stored as.
/// - Throws: ``OneStepModelError``, `StableDiffusionError`, `ModelFolderError`, `SafetensorsError`.
public func copyOneStepModel(_ model: URL, to folder: URL, dtype: DType) throws {
    let contract = try OneStepContract(of: model)
    try contract.requireFloats(in: model)
    try contract.checkWeights(in: model)
    let steps = try SchedulerConfiguration(ofModel: model).generatorSteps
    try write(to: folder, partsOf: model, nil, dtype: dtype, steps: steps, guidance: contract.guidance) {
        folder in
        try ModelFolder.unet(model.appending(path: "unet")).copy(to: folder, dtype: dtype)
    }
}

/// Makes sure that a generator may be written to a folder: it is not there, or is of an older one.
///
/// - Throws: ``OneStepModelError/occupied(folder:)``.
public func requireReplaceable(_ folder: URL) throws {
    let place = folder.standardizedFileURL
    guard !FileManager.default.fileExists(atPath: place.path) || OneStepContract.exists(in: place) else {
        throw OneStepModelError.occupied(folder: folder.path)
    }
}

private func write(
    to folder: URL, partsOf model: URL, _ variant: String?, dtype: DType, steps: Int, guidance: Double,
    isInt8: Bool = false, writeUNet: (URL) throws -> Void, writeAutoencoder: ((URL) throws -> Void)? = nil
) throws {
    let place = folder.standardizedFileURL
    try StableDiffusionFolder.checkParts(of: model)
    try requireReplaceable(folder)
    var scheduler = try SchedulerConfiguration(ofModel: model)
    (scheduler.sampler, scheduler.generatorSteps) = (.generator, steps)
    let autoencoder = ModelFolder.autoencoder(model.appending(path: "vae"), variant: variant)
    let className = try autoencoder.configuration(as: AutoencoderConfiguration.self).className
    try writeFolderAtomically(place) { folder in
        try saveModelIndex(scheduler, autoencoder: className, to: folder)
        try writeUNet(folder.appending(path: "unet"))
        let autoencoderFolder = folder.appending(path: "vae")
        try writeAutoencoder?(autoencoderFolder) ?? autoencoder.copy(to: autoencoderFolder, dtype: dtype)
        let textEncoder = ModelFolder.textEncoder(
            model.appending(path: "text_encoder"), variant: variant)
        let textFolder = folder.appending(path: "text_encoder")
        try textEncoder.copy(to: textFolder, dtype: dtype)
        let settings: CLIPTextConfiguration = try textEncoder.configuration()
        try ModelFolder.encode(settings, to: ModelFolder.textEncoder(textFolder).settings)
        try copyTokenizer(
            model.appending(path: "tokenizer"), to: folder.appending(path: "tokenizer"))
        var contract = try OneStepContract(ofWeightsIn: folder, scheduler: scheduler, guidance: guidance)
        contract.isInt8 = isInt8 ? true : nil
        try contract.write(to: folder)
    }
}

/// Why a folder is not used as a one-step generator, or not written as one.
public enum OneStepModelError: LocalizedError, Equatable, CustomStringConvertible {
    /// Something else has the name of the folder to write.
    case occupied(folder: String)
    /// Its weights are in int8, which other programs do not take.
    case isInt8(folder: String)
    /// The folder is not of a one-step generator.
    case noContract(folder: String)
    /// A file of weights is not the one that the contract was made for.
    case otherWeights(file: String, expected: String, found: String)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .occupied(let folder):
            "\(folder) exists and is no exported generator that could be replaced: name another folder, or remove it."
        case .isInt8(let folder):
            "\(folder) has weights in int8, which are for dmd alone: name the generator it was exported from."
        case .noContract(let folder):
            "\(folder) is no one-step generator, since it has no contract.json: distil the model first, and name the folder "
                + "`generator` of that run."
        case .otherWeights(let file, let expected, let found):
            "\(file) was damaged or replaced, since its SHA-256 is \(found.prefix(8))... instead of \(expected.prefix(8))...: "
                + "copy the folder again."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
