// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// One resolution of a ``UNet2DConditionModel``: residual blocks, each with a transformer if the stage has them, and a
/// change of the resolution at the end, if asked.
final class UNetStage: Module {
    /// What the transformers of a stage have in common.
    struct Transformers {
        let heads: Int
        let context: Int
        let isLinear: Bool
    }

    /// A residual block and the transformer after it.
    struct Layer {
        let block: ResnetBlock
        let transformer: SpatialTransformer?

        func callAsFunction(_ x: Tensor, _ embedding: Tensor, _ context: Tensor) -> Tensor {
            let y = block(x, embedding)
            return transformer?(y, context: context) ?? y
        }
    }

    let layers: [Layer]
    private let resampling: Resampling?
    private let conv: Conv2d?

    /// - Parameters:
    ///   - inputs: the channels that each residual block is given.
    ///   - outputs: the channels that each makes.
    ///   - embedding: the size of the embedding.
    ///   - transformers: those after each block, or none.
    ///   - resampling: the change at the end.
    ///   - style: what the network's blocks have in common.
    ///   - stream: where the weights are drawn from.
    init(
        inputs: [Int], outputs: Int, embedding: Int, transformers: Transformers?, resampling: Resampling?,
        style: StableDiffusionStyle, from stream: inout RandomStream
    ) {
        var layers: [Layer] = []
        for channels in inputs {
            let block = ResnetBlock(channels, outputs, embedding: embedding, style: style, from: &stream)
            let transformer = transformers.map {
                SpatialTransformer(
                    outputs, context: $0.context, heads: $0.heads, isLinear: $0.isLinear, style: style,
                    from: &stream)
            }
            layers.append(Layer(block: block, transformer: transformer))
        }
        self.layers = layers
        self.resampling = resampling
        conv = resampling.map {
            style.conv(outputs, outputs, stride: $0 == .down ? 2 : 1, from: &stream)
        }
    }

    var children: [Child] {
        numbered("attentions", layers.compactMap(\.transformer)) + numbered("resnets", layers.map(\.block))
            + [.module(resampling == .down ? "downsamplers.0.conv" : "upsamplers.0.conv", conv)]
    }

    /// The result in the resolution of the next stage; nil if there is none.
    func resampled(_ x: Tensor) -> Tensor? { conv.map { $0(resampling == .up ? x.doubled() : x) } }
}

/// The lowest resolution of a ``UNet2DConditionModel``: two residual blocks with a transformer between them.
final class UNetMiddle: Module {
    private let first: ResnetBlock
    private let transformer: SpatialTransformer
    private let second: ResnetBlock

    init(
        _ channels: Int, embedding: Int, transformers: UNetStage.Transformers, style: StableDiffusionStyle,
        from stream: inout RandomStream
    ) {
        first = ResnetBlock(channels, channels, embedding: embedding, style: style, from: &stream)
        transformer = SpatialTransformer(
            channels, context: transformers.context, heads: transformers.heads,
            isLinear: transformers.isLinear, style: style, from: &stream)
        second = ResnetBlock(channels, channels, embedding: embedding, style: style, from: &stream)
    }

    var children: [Child] {
        [
            .module("attentions.0", transformer), .module("resnets.0", first), .module("resnets.1", second),
        ]
    }

    func callAsFunction(_ x: Tensor, _ embedding: Tensor, _ context: Tensor) -> Tensor {
        second(transformer(first(x, embedding), context: context), embedding)
    }
}
