// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import Torch

/// The network of Stable Diffusion: a U-Net whose pixels attend to each other and to the tokens of a prompt.
///
/// Source: Rombach et al. 2022, section 3.3 (arXiv 2112.10752). The paths of its tensors are those of diffusers.
public final class UNet2DConditionModel: Module {
    /// The sizes that make up the network.
    public let configuration: UNet2DConditionConfiguration

    private let convIn: Conv2d
    private let timeLinear1: Linear
    private let timeLinear2: Linear
    private let down: [UNetStage]
    private let middle: UNetMiddle
    private let up: [UNetStage]
    private let normOut: GroupNorm
    private let convOut: Conv2d

    /// A network with new weights, float32 on the CPU.
    ///
    /// - Parameters:
    ///   - configuration: valid sizes.
    ///   - initialisation: how the weights are drawn.
    ///   - stream: what they are drawn from.
    public init(
        _ configuration: UNet2DConditionConfiguration, initialisation: Initialisation = .fanInUniform,
        from stream: inout RandomStream
    ) {
        self.configuration = configuration
        let style = StableDiffusionStyle(
            normGroups: configuration.normGroups, normEpsilon: configuration.normEpsilon,
            initialisation: initialisation)
        let widths = configuration.blockOutChannels
        let levels = widths.count
        func transformers(_ level: Int) -> UNetStage.Transformers {
            .init(
                heads: configuration.headCounts[level], context: configuration.crossAttentionDim,
                isLinear: configuration.usesLinearProjection)
        }

        convIn = style.conv(configuration.inChannels, widths[0], from: &stream)
        timeLinear1 = style.linear(widths[0], configuration.embeddingSize, from: &stream)
        timeLinear2 = style.linear(configuration.embeddingSize, configuration.embeddingSize, from: &stream)

        var channels = widths[0]
        var skips = [channels]
        var down: [UNetStage] = []
        for level in 0..<levels {
            let layers = configuration.layersPerBlock
            let stage = UNetStage(
                inputs: [channels] + Array(repeating: widths[level], count: layers - 1),
                outputs: widths[level],
                embedding: configuration.embeddingSize,
                transformers: configuration.downAttends[level] ? transformers(level) : nil,
                resampling: level < levels - 1 ? .down : nil, style: style, from: &stream)
            down.append(stage)
            channels = widths[level]
            skips += Array(repeating: channels, count: layers + (level < levels - 1 ? 1 : 0))
        }
        self.down = down
        middle = UNetMiddle(
            channels, embedding: configuration.embeddingSize, transformers: transformers(levels - 1),
            style: style, from: &stream)
        var up: [UNetStage] = []
        for level in (0..<levels).reversed() {
            var inputs: [Int] = []
            for _ in 0...configuration.layersPerBlock {
                inputs.append(channels + skips.removeLast())
                channels = widths[level]
            }
            up.append(
                UNetStage(
                    inputs: inputs, outputs: channels, embedding: configuration.embeddingSize,
                    transformers: configuration.upAttends[levels - 1 - level] ? transformers(level) : nil,
                    resampling: level > 0 ? .up : nil, style: style, from: &stream))
        }
        self.up = up
        normOut = style.norm(channels)
        convOut = style.conv(channels, configuration.outChannels, from: &stream)
    }

    /// The layers under their published names.
    public var children: [Child] {
        [
            .module("conv_in", convIn), .module("time_embedding.linear_1", timeLinear1),
            .module("time_embedding.linear_2", timeLinear2),
        ] + numbered("down_blocks", down) + numbered("up_blocks", up) + [
            .module("mid_block", middle), .module("conv_norm_out", normOut), .module("conv_out", convOut),
        ]
    }

    /// Evaluates the network in the type of `x`.
    ///
    /// - Parameters:
    ///   - x: noised latents `[N, inChannels, H, W]`, H and W multiples of
    ///     ``UNet2DConditionConfiguration/downsamplingFactor``; gradient flows through them.
    ///   - time: the step of each, `[N]`, from 0 to 999; between two steps too.
    ///   - context: the tokens of each prompt, `[N, m, crossAttentionDim]`; gradient flows through them.
    ///   - features: takes what each down block makes before it halves the resolution, and what the middle block makes;
    ///     nil where nobody asks for them.
    /// - Returns: what it was trained to predict, `[N, outChannels, H, W]`.
    public func callAsFunction(
        _ x: Tensor, time: Tensor, context: Tensor, features: ((Tensor) -> Void)? = nil
    ) -> Tensor {
        let embedding = embedding(time, x.dtype)
        let context = context.to(x.dtype)
        var (h, skips) = encoded(x, embedding, context, features)
        for stage in up {
            for layer in stage.layers {
                h = layer(.concatenated([h, skips.removeLast()], dim: 1), embedding, context)
            }
            h = stage.resampled(h) ?? h
        }
        return convOut(normOut.silu(h))
    }

    /// The features alone, without the way up.
    public func features(_ x: Tensor, time: Tensor, context: Tensor) -> [Tensor] {
        var features: [Tensor] = []
        _ = encoded(x, embedding(time, x.dtype), context.to(x.dtype)) { features.append($0) }
        return features
    }

    /// Every block activates the embedding first, so it is done once.
    private func embedding(_ time: Tensor, _ dtype: DType) -> Tensor {
        let angles = timeFeatures(time, channels: configuration.blockOutChannels[0]).to(dtype)
        return timeLinear2(timeLinear1(angles).silu()).silu()
    }

    /// The way down and the middle block: what it makes, and what the way up takes over.
    private func encoded(
        _ x: Tensor, _ embedding: Tensor, _ context: Tensor, _ features: ((Tensor) -> Void)?
    ) -> (h: Tensor, skips: [Tensor]) {
        var h = convIn(x.channelsLast())
        var skips = [h]
        for stage in down {
            for layer in stage.layers {
                h = layer(h, embedding, context)
                skips.append(h)
            }
            features?(h)
            if let smaller = stage.resampled(h) {
                h = smaller
                skips.append(h)
            }
        }
        h = middle(h, embedding, context)
        features?(h)
        return (h, skips)
    }
}

/// Cosines and sines of the step times frequencies that fall from 1 to almost 1e-4, float32 whatever the type of the step,
/// as networks have been trained with them.
///
/// - Returns: `[N, channels]`.
private func timeFeatures(_ time: Tensor, channels: Int) -> Tensor {
    let count = channels / 2
    let exponents = Tensor.arange(count, dtype: .float32, device: time.device) * -Foundation.log(10_000.0)
    let frequencies = (exponents / Tensor(Double(count), device: time.device)).exp()
    let angles = time.to(.float32).unsqueezed(1) * frequencies.unsqueezed(0)
    return .concatenated([angles.cos(), angles.sin()], dim: 1)
}
