// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
public import Foundation
import Models
import OrderedCollections
public import Torch
import Weights

/// Writes a model of Stable Diffusion 1 as one file by CompVis's names, as A1111, ComfyUI, stable-diffusion.cpp and diffusers'
/// `from_single_file` take it. `unpackSingleFile` makes a folder of it again.
///
/// A one-step generator is told as such in the metadata alone: other programs are to sample it with LCM's sampler in one step and
/// without guidance.
///
/// - Parameters:
///   - model: a folder in diffusers' layout.
///   - variant: of the weights, see `StableDiffusionFolder`.
///   - file: the safetensors file to write, whole or not at all.
///   - dtype: what weights are stored as.
/// - Throws: `SingleFileError`, `StableDiffusionError`, `ModelFolderError`, `SafetensorsError`, `FileError`.
public func writeSingleFile(
    of model: URL, variant: String? = nil, to file: URL, dtype: DType = .float16
) throws {
    let folder = try StableDiffusionFolder(model, variant: variant)
    guard case .full(let autoencoder) = folder.autoencoder, !folder.unet.usesLinearProjection,
        folder.textEncoder.activation == .quickGELU
    else { throw SingleFileError.otherVersion(folder: model.path) }
    var tensors: OrderedDictionary<String, Tensor> = [:]
    func add(_ part: ModelFolder, _ stored: (String) -> String?, shaped: (String, Tensor) -> Tensor = { $1 })
        throws
    {
        try part.eachTensor { name, tensor in
            guard let stored = stored(name) else { return }
            tensors[stored] = shaped(name, tensor).to(dtype)
        }
    }
    let unetNames = CompVisNames(of: folder.unet)
    try add(
        .unet(model.appending(path: "unet"), variant: variant),
        { unetNames.compVis($0).map { CompVisNames.unet + $0 } })
    let autoencoderNames = CompVisNames(of: autoencoder)
    func own(_ name: String) -> String { AutoencoderKL.ownName(of: name) ?? name }
    try add(
        .autoencoder(model.appending(path: "vae"), variant: variant),
        { autoencoderNames.compVis(own($0)).map { CompVisNames.autoencoder + $0 } },
        shaped: { name, tensor in
            CompVisNames.isMatrix(own(name))
                ? tensor.reshaped([tensor.shape[0], tensor.shape[1], 1, 1]) : tensor
        })
    try add(
        .textEncoder(model.appending(path: "text_encoder"), variant: variant),
        { CLIPTextModel.ownName(of: $0).map { "\(CompVisNames.textEncoder)text_model.\($0)" } })
    let scheduler = folder.scheduler
    var metadata = [
        "format": "pt", "modelspec.sai_model_spec": "1.0.0", "modelspec.architecture": "stable-diffusion-v1",
        "modelspec.title": model.standardizedFileURL.lastPathComponent,
        SingleFileMetadata.resolution: "\(folder.trainedWidth)x\(folder.trainedHeight)",
        SingleFileMetadata.prediction: scheduler.prediction == .velocity ? "v" : "epsilon",
    ]
    if folder.isGenerator {
        metadata[SingleFileMetadata.sampler] = scheduler.sampler.rawValue
        metadata[SingleFileMetadata.steps] = "\(scheduler.generatorSteps)"
    }
    try SafetensorsFile.write(tensors, metadata: metadata, to: file)
}
