// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
public import Foundation
import Models
import Torch

/// Writes a small model of Stable Diffusion with random weights, of sizes that a single file can have.
///
/// - Parameter linear: whether attention is projected by linear layers, as in version 2.
public func saveTinyStableDiffusion(to folder: URL, linear: Bool = false) throws {
    let tokenizer = fixture("stable-diffusion/tokenizer")
    var stream = RandomStream(seed: 5, purpose: "single file")
    var unet = UNet2DConditionConfiguration()
    unet.blockOutChannels = [32, 64, 64]
    (unet.downAttends, unet.upAttends) = ([true, true, false], [false, true, true])
    unet.layersPerBlock = 1
    unet.crossAttentionDim = 64
    (unet.sampleHeight, unet.sampleWidth) = (16, 24)
    unet.headCounts = [8, 8, 8]
    unet.usesLinearProjection = linear
    try saveUNet(
        UNet2DConditionModel(unet, from: &stream), to: folder.appending(path: "unet"))
    var autoencoder = AutoencoderKLConfiguration()
    autoencoder.blockOutChannels = [32, 64]
    autoencoder.layersPerBlock = 2
    try saveAutoencoder(
        AutoencoderKL(autoencoder, from: &stream),
        to: folder.appending(path: "vae"))
    var text = CLIPTextConfiguration()
    (text.hiddenSize, text.intermediateSize, text.layers, text.heads) = (64, 96, 2, 1)
    text.vocabularySize = try CLIPTokenizer(folder: tokenizer).vocabularySize
    try saveTextEncoder(
        CLIPTextModel(text, from: &stream),
        to: folder.appending(path: "text_encoder"))
    try FileManager.default.copyItem(at: tokenizer, to: folder.appending(path: "tokenizer"))
    try saveModelIndex(SchedulerConfiguration(), to: folder)
}
