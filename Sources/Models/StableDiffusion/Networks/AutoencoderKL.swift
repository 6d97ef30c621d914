// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The autoencoder of Stable Diffusion, which was trained to keep its latents close to a normal distribution.
///
/// Source: Rombach et al. 2022, section 3.1 (arXiv 2112.10752). The paths of its tensors are those of diffusers.
public final class AutoencoderKL: ImageAutoencoder {
    /// The sizes that make up the network.
    public let configuration: AutoencoderKLConfiguration

    private let encoder: AutoencoderEncoder
    private let decoder: AutoencoderDecoder
    private let quantConv: Conv2d
    private let postQuantConv: Conv2d

    /// A network with new weights, float32 on the CPU.
    ///
    /// - Parameters:
    ///   - configuration: valid sizes.
    ///   - initialisation: how the weights are drawn.
    ///   - stream: what they are drawn from.
    public init(
        _ configuration: AutoencoderKLConfiguration, initialisation: Initialisation = .fanInUniform,
        from stream: inout RandomStream
    ) {
        self.configuration = configuration
        let style = StableDiffusionStyle(
            normGroups: configuration.normGroups, normEpsilon: 1e-6, initialisation: initialisation)
        let latent = configuration.latentChannels
        encoder = AutoencoderEncoder(configuration, style: style, from: &stream)
        decoder = AutoencoderDecoder(configuration, style: style, from: &stream)
        quantConv = Conv2d(2 * latent, 2 * latent, kernel: 1, initialisation: initialisation, from: &stream)
        postQuantConv = Conv2d(latent, latent, kernel: 1, initialisation: initialisation, from: &stream)
    }

    /// The encoder, the decoder and the layers between them.
    public var children: [Child] {
        [
            .module("encoder", encoder), .module("decoder", decoder), .module("quant_conv", quantConv),
            .module("post_quant_conv", postQuantConv),
        ]
    }

    /// The channels of the latents.
    public var latentChannels: Int { configuration.latentChannels }

    /// Two for each resolution but the first.
    public var reduction: Int { configuration.reduction }

    /// The mean and the deviation of the normal distribution of each latent, as the diffusion model sees them.
    ///
    /// - Parameter images: see ``ImageAutoencoder/encode(_:)``.
    public func distribution(of images: Tensor) -> (mean: Tensor, deviation: Tensor) {
        let parts = quantConv(encoder(images)).chunked(2, dim: 1)
        let scale = configuration.scalingFactor
        return (parts[0] * scale, (parts[1].clamped(min: -30, max: 20) * 0.5).exp() * scale)
    }

    /// The mean of the latents' distribution, see ``ImageAutoencoder/encode(_:)``.
    public func encode(_ images: Tensor) -> Tensor { distribution(of: images).mean }

    /// Images of latents, see ``ImageAutoencoder/decode(_:)``.
    public func decode(_ latents: Tensor) -> Tensor {
        decoder(postQuantConv(latents.channelsLast() * (1 / configuration.scalingFactor)))
    }

    /// The network's name of a tensor of a file: older files name the layers of attention otherwise.
    public static func ownName(of stored: String) -> String? {
        let names = ["query": "to_q", "key": "to_k", "value": "to_v", "proj_attn": "to_out.0"]
        return stored.split(separator: ".").map { names[String($0)] ?? String($0) }.joined(separator: ".")
    }
}

/// Images to the parameters of their latents' distribution.
private final class AutoencoderEncoder: Module {
    private let convIn: Conv2d
    private let stages: [AutoencoderStage]
    private let middle: AutoencoderMiddle
    private let normOut: GroupNorm
    private let convOut: Conv2d

    init(
        _ configuration: AutoencoderKLConfiguration, style: StableDiffusionStyle,
        from stream: inout RandomStream
    ) {
        let widths = configuration.blockOutChannels
        convIn = style.conv(configuration.imageChannels, widths[0], from: &stream)
        stages = autoencoderStages(
            widths, count: configuration.layersPerBlock, resampling: .down, style: style, from: &stream)
        let channels = widths[widths.count - 1]
        middle = AutoencoderMiddle(channels, style: style, from: &stream)
        normOut = style.norm(channels)
        convOut = style.conv(channels, 2 * configuration.latentChannels, from: &stream)
    }

    var children: [Child] {
        [.module("conv_in", convIn)] + numbered("down_blocks", stages) + [
            .module("mid_block", middle), .module("conv_norm_out", normOut), .module("conv_out", convOut),
        ]
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        convOut(normOut.silu(middle(stages.reduce(convIn(x.channelsLast())) { $1($0) })))
    }
}

/// Latents to images.
private final class AutoencoderDecoder: Module {
    private let convIn: Conv2d
    private let stages: [AutoencoderStage]
    private let middle: AutoencoderMiddle
    private let normOut: GroupNorm
    private let convOut: Conv2d

    init(
        _ configuration: AutoencoderKLConfiguration, style: StableDiffusionStyle,
        from stream: inout RandomStream
    ) {
        let widths = Array(configuration.blockOutChannels.reversed())
        convIn = style.conv(configuration.latentChannels, widths[0], from: &stream)
        stages = autoencoderStages(
            widths, count: configuration.layersPerBlock + 1, resampling: .up, style: style, from: &stream)
        let channels = widths[widths.count - 1]
        middle = AutoencoderMiddle(widths[0], style: style, from: &stream)
        normOut = style.norm(channels)
        convOut = style.conv(channels, configuration.imageChannels, from: &stream)
    }

    var children: [Child] {
        [.module("conv_in", convIn)] + numbered("up_blocks", stages) + [
            .module("mid_block", middle), .module("conv_norm_out", normOut), .module("conv_out", convOut),
        ]
    }

    func callAsFunction(_ latents: Tensor) -> Tensor {
        var x = middle(convIn(latents))
        for stage in stages { x = stage(consume x) }
        guard x.goesInStrips else { return convOut(normOut.silu(x)) }
        let norm = normOut.inStrips(of: x)
        return inStrips(x) { convOut(norm.silu($0)) }
    }
}

/// Stages of given widths, each with `count` blocks; all but the last resample.
private func autoencoderStages(
    _ widths: [Int], count: Int, resampling: Resampling, style: StableDiffusionStyle,
    from stream: inout RandomStream
) -> [AutoencoderStage] {
    widths.indices.map { level in
        AutoencoderStage(
            widths[max(level - 1, 0)], widths[level], count: count,
            resampling: level < widths.count - 1 ? resampling : nil, style: style, from: &stream)
    }
}
