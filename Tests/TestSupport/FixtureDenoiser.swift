// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
public import Models
import OrderedCollections
public import Torch
import Weights

/// The network of the parity fixtures, with the weights that a fixture holds under `prefix`.
public func fixtureDenoiser(
    as dtype: DType, file: String = "denoiser.safetensors", prefix: String = "state."
) throws -> EDMDenoiser {
    var configuration = UNetConfiguration()
    configuration.imgResolution = 12
    configuration.imgChannels = 1
    configuration.labelDim = 4
    configuration.modelChannels = 4
    configuration.channelMult = [1, 2, 2]
    configuration.numBlocks = 1
    configuration.attnResolutions = [6]
    let denoiser = configuration.makeDenoiser(seed: 0)
    denoiser.convert(to: dtype)
    let weights = try SafetensorsFile(fixture(file)).tensors(under: prefix, as: dtype)
    try denoiser.load(.init(uniqueKeysWithValues: weights.map { ($0, $1) }))
    return denoiser
}
