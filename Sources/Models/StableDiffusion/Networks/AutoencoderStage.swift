// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// One resolution of an ``AutoencoderKL``: residual blocks, and a change of the resolution at the end, if asked.
final class AutoencoderStage: Module {
    private let blocks: [ResnetBlock]
    private let resampling: Resampling?
    private let conv: Conv2d?

    init(
        _ inputs: Int, _ outputs: Int, count: Int, resampling: Resampling?, style: StableDiffusionStyle,
        from stream: inout RandomStream
    ) {
        var blocks: [ResnetBlock] = []
        for index in 0..<count {
            blocks.append(
                ResnetBlock(
                    index == 0 ? inputs : outputs, outputs, embedding: nil, style: style, from: &stream))
        }
        self.blocks = blocks
        self.resampling = resampling
        conv = resampling.map {
            $0 == .down
                ? style.conv(outputs, outputs, stride: 2, padding: 0, from: &stream)
                : style.conv(outputs, outputs, from: &stream)
        }
    }

    var children: [Child] {
        numbered("resnets", blocks) + [
            .module(resampling == .down ? "downsamplers.0.conv" : "upsamplers.0.conv", conv)
        ]
    }

    /// - Parameter x: is let go after the first block.
    func callAsFunction(_ x: consuming Tensor) -> Tensor {
        var y = consume x
        for block in blocks { y = block(y) }
        guard let conv else { return y }
        if resampling == .up, y.goesInStrips(enlarged: 4) {
            return inStrips(y, scale: 2) { conv($0.doubled()) }
        }
        // Halving looks at the pixels below and to the right, so zeros are needed there alone.
        return conv(resampling == .up ? y.doubled() : y.padded(right: 1, bottom: 1))
    }
}

/// The lowest resolution of an ``AutoencoderKL``: two residual blocks with attention of the pixels to each other between.
final class AutoencoderMiddle: Module {
    private let first: ResnetBlock
    private let norm: GroupNorm
    private let attention: TokenAttention
    private let second: ResnetBlock

    init(_ channels: Int, style: StableDiffusionStyle, from stream: inout RandomStream) {
        first = ResnetBlock(channels, channels, embedding: nil, style: style, from: &stream)
        norm = style.attentionNorm(channels)
        attention = TokenAttention(
            channels, context: channels, heads: 1, hasBias: true, style: style, from: &stream)
        second = ResnetBlock(channels, channels, embedding: nil, style: style, from: &stream)
    }

    var children: [Child] {
        [.module("attentions.0.group_norm", norm)]
            + attention.children.map { child in
                guard case .module(let name, let part) = child else { return child }
                return .module("attentions.0.\(name)", part)
            } + [.module("resnets.0", first), .module("resnets.1", second)]
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let h = first(x)
        let tokens = norm(h).pixelsAsTokens()
        let gathered = attention(tokens, context: tokens)
        return second(h + gathered.tokensAsPixels(height: h.shape[2], width: h.shape[3]))
    }
}
