// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Models
import Torch

/// 3 x 32 x 32 pixels to latents of 4 x 8 x 8, and back.
func makeAutoencoder(scalingFactor: Double = 1) -> AutoencoderKL {
    var configuration = AutoencoderKLConfiguration()
    configuration.blockOutChannels = [16, 32, 64]
    configuration.normGroups = 8
    configuration.scalingFactor = scalingFactor
    var stream = RandomStream(seed: 0, purpose: "autoencoder.weights")
    let autoencoder = AutoencoderKL(configuration, from: &stream)
    // The logarithm of the variance: with less noise than signal at first, there is something to learn from.
    autoencoder.state["quant_conv.bias"]?.narrowed(dim: 0, start: 4, count: 4).fill(-6)
    return autoencoder
}

/// The first stage: an autoencoder whose latents are about normal.
///
///     |d| + d^2 + 1e-4 KL(N(m, s^2) || N(0, 1)),   d = decode(m + s eps) - x,   N(m, s^2) = encode(x)
///
/// Source: Rombach et al. 2022, section 3.1 (arXiv 2112.10752), without the loss on features and the adversary.
func autoencoderDescent(_ settings: StageSettings, _ clothes: ColouredClothes) -> Descent<AutoencoderKL> {
    Descent(settings, makeNetwork: { makeAutoencoder() }) { step in
        var stream = RandomStream(seed: settings.seed, purpose: "autoencoder.batch", step: step)
        let images = try clothes.batch(settings.batch, from: &stream).images
        return [images, stream.normal([settings.batch, 4, 8, 8])]
    } loss: { autoencoder, inputs in
        let (mean, deviation) = autoencoder.distribution(of: inputs[0])
        let difference = autoencoder.decode(mean + deviation * inputs[1]) - inputs[0]
        let error = (difference.abs() + difference.square()).mean()
        let variance = deviation.square()
        let divergence = ((mean.square() + variance - 1 - variance.log()) * 0.5).mean()
        return error + 1e-4 * divergence
    }
}

/// The autoencoder whose latents have unit variance, as the diffusion model should see them.
func scaled(_ autoencoder: AutoencoderKL, _ clothes: ColouredClothes) throws -> AutoencoderKL {
    var stream = RandomStream(seed: 0, purpose: "autoencoder.scale")
    let images = try clothes.batch(1_024, from: &stream).images
    let latents = withoutGradients { inParts(images) { autoencoder.encode($0) } }
    let scaled = makeAutoencoder(scalingFactor: 1 / latents.standardDeviation().item())
    try scaled.load(autoencoder.state)
    return scaled
}
