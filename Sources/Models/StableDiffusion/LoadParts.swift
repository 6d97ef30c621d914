// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Encoders
public import Foundation
public import Torch
package import Weights

/// Loads the folder `unet` of a model.
///
/// - Parameters:
///   - folder: where it is.
///   - variant: of the weights, such as `fp16`; where the folder lacks it, those without a variant are taken.
///   - device: where the network goes.
///   - warn: hears of weights that the network does not need.
/// - Throws: `ModelFolderError`, `SafetensorsError`, `ConversionError`.
public func loadUNet(
    folder: URL, variant: String? = nil, device: Device = .cpu, warn: (String) -> Void = { _ in }
) throws -> UNet2DConditionModel {
    let files = ModelFolder.unet(folder, variant: variant)
    return try load(files, device: device, warn: warn) { stream in
        UNet2DConditionModel(try files.configuration(), initialisation: .none, from: &stream)
    }
}

/// Loads the folder `text_encoder` of a model; files with the prefix `text_model.` and without it are known.
///
/// - Parameters:
///   - folder: where it is.
///   - variant: of the weights, such as `fp16`; where the folder lacks it, those without a variant are taken.
///   - device: where the network goes.
///   - warn: hears of weights that the network does not need.
/// - Throws: `ModelFolderError`, `SafetensorsError`, `ConversionError`.
public func loadTextEncoder(
    folder: URL, variant: String? = nil, device: Device = .cpu, warn: (String) -> Void = { _ in }
) throws -> CLIPTextModel {
    let files = ModelFolder.textEncoder(folder, variant: variant)
    return try load(files, device: device, warn: warn, naming: CLIPTextModel.ownName) { stream in
        CLIPTextModel(try files.configuration(), initialisation: .none, from: &stream)
    }
}

/// Loads the folder `vae` of a model, or that of the tiny autoencoder; old names of the layers of attention are known.
///
/// - Parameters:
///   - folder: where it is.
///   - variant: of the weights, such as `fp16`; where the folder lacks it, those without a variant are taken.
///   - device: where the network goes.
///   - warn: hears of weights that the network does not need.
/// - Throws: `ModelFolderError`, `SafetensorsError`, `ConversionError`.
public func loadAutoencoder(
    folder: URL, variant: String? = nil, device: Device = .cpu, warn: (String) -> Void = { _ in }
) throws -> any ImageAutoencoder {
    let files = ModelFolder.autoencoder(folder, variant: variant)
    switch try files.configuration(as: AutoencoderConfiguration.self) {
    case .tiny(let sizes):
        return try load(files, device: device, warn: warn) { stream in
            AutoencoderTiny(sizes, initialisation: .none, from: &stream)
        }
    case .full(let sizes):
        return try load(files, device: device, warn: warn, naming: AutoencoderKL.ownName) { stream in
            AutoencoderKL(sizes, initialisation: .none, from: &stream)
        }
    }
}

extension ModelFolder {
    /// The parts of a model, whose weights' files are called as diffusers and transformers do.
    package static func unet(_ folder: URL, variant: String? = nil) -> ModelFolder {
        .init(folder, weightsName: "diffusion_pytorch_model", variant: variant)
    }
    package static func autoencoder(_ folder: URL, variant: String? = nil) -> ModelFolder {
        .unet(folder, variant: variant)
    }
    package static func textEncoder(_ folder: URL, variant: String? = nil) -> ModelFolder {
        .init(folder, weightsName: "model", variant: variant)
    }
}

private func load<Network: Module>(
    _ files: ModelFolder, device: Device, warn: (String) -> Void, naming: (String) -> String? = { $0 },
    _ make: (inout RandomStream) throws -> Network
) throws -> Network {
    var stream = RandomStream(seed: 0, purpose: "network.weights")
    let network = try make(&stream)
    try files.load(into: network, naming: naming, warn: warn)
    network.move(to: device)
    return network
}
