// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Text
public import Torch

/// Loads the folder `unet` of a model.
///
/// - Throws: `ModelFolderError`, `SafetensorsError`.
public func loadUNet(folder: URL, device: Device = .cpu) throws -> UNet2DConditionModel {
    let files = ModelFolder(folder, weightsName: "diffusion_pytorch_model")
    return try load(files, device: device) { stream in
        UNet2DConditionModel(try files.configuration(), initialisation: .zeros, from: &stream)
    }
}

/// Loads the folder `text_encoder` of a model; files with the prefix `text_model.` and without it are known.
///
/// - Throws: `ModelFolderError`, `SafetensorsError`.
public func loadTextEncoder(folder: URL, device: Device = .cpu) throws -> CLIPTextModel {
    let files = ModelFolder(folder, weightsName: "model")
    return try load(files, device: device, naming: CLIPTextModel.ownName) { stream in
        CLIPTextModel(try files.configuration(), initialisation: .zeros, from: &stream)
    }
}

/// Loads the folder `vae` of a model, or that of the tiny autoencoder; old names of the layers of attention are known.
///
/// - Throws: `ModelFolderError`, `SafetensorsError`.
public func loadAutoencoder(folder: URL, device: Device = .cpu) throws -> any ImageAutoencoder {
    struct Kind: Decodable {
        let className: String?
        private enum CodingKeys: String, CodingKey { case className = "_class_name" }
    }
    let files = ModelFolder(folder, weightsName: "diffusion_pytorch_model")
    if try files.configuration(as: Kind.self).className == "AutoencoderTiny" {
        return try load(files, device: device) { stream in
            AutoencoderTiny(try files.configuration(), initialisation: .zeros, from: &stream)
        }
    }
    return try load(files, device: device, naming: AutoencoderKL.ownName) { stream in
        AutoencoderKL(try files.configuration(), initialisation: .zeros, from: &stream)
    }
}

private func load<Network: Module>(
    _ files: ModelFolder, device: Device, naming: (String) -> String? = { $0 },
    _ make: (inout RandomStream) throws -> Network
) throws -> Network {
    var stream = RandomStream(seed: 0, purpose: "network.weights")
    let network = try make(&stream)
    try files.load(into: network, naming: naming)
    network.move(to: device)
    return network
}
