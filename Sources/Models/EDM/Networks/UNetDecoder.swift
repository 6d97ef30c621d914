// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// The way up: at each resolution blocks that each take over an output of the ``UNetEncoder``, and at the lowest two blocks
/// before them.
///
/// ADM's blocks attend wherever its encoder's do; the others' last block of a resolution alone.
final class UNetDecoder: Module {
    private struct Block {
        let name: String
        let layer: UNetBlock
        let takesSkip: Bool
    }

    /// The channels of the output.
    let channels: Int

    private let blocks: [Block]

    /// - Parameter skips: the channels of the encoder's outputs.
    init(
        _ configuration: UNetConfiguration, style: UNetStyle, skips: [Int], from stream: inout RandomStream
    ) {
        var skips = skips
        var current = skips[skips.count - 1]
        var blocks: [Block] = []

        func append(
            _ name: String, _ outputs: Int, skip: Int? = nil, resampling: Resampling? = nil,
            attends: Bool = false
        ) {
            let layer = UNetBlock(
                current + (skip ?? 0), outputs, embedding: configuration.embeddingChannels,
                resampling: resampling, attends: attends, style: style, from: &stream)
            blocks.append(Block(name: name, layer: layer, takesSkip: skip != nil))
            current = outputs
        }

        let levels = configuration.levels
        for (index, level) in levels.enumerated().reversed() {
            if index == levels.count - 1 {
                append("\(level.name)_in0", current, attends: true)
                append("\(level.name)_in1", current)
            } else {
                append("\(level.name)_up", current, resampling: .up)
            }
            for block in 0...configuration.numBlocks {
                append(
                    "\(level.name)_block\(block)", level.channels, skip: skips.removeLast(),
                    attends: level.attends && (configuration.arch == .adm || block == configuration.numBlocks)
                )
            }
        }
        channels = current
        self.blocks = blocks
    }

    var children: [Child] { blocks.map { .module($0.name, $0.layer) } }

    /// - Parameter skips: the encoder's outputs.
    func callAsFunction(_ skips: [Tensor], _ embedding: Tensor) -> Tensor {
        var skips = skips
        var x = skips[skips.count - 1]
        for block in blocks {
            if block.takesSkip { x = .concatenated([x, skips.removeLast()], dim: 1) }
            x = block.layer(x, embedding)
        }
        return x
    }
}

/// The last two layers: what the decoder made becomes an image.
struct OutputHead {
    let norm: GroupNorm
    let conv: Conv2d

    init(
        _ configuration: UNetConfiguration, style: UNetStyle, channels: Int, from stream: inout RandomStream
    ) {
        norm = style.norm(channels)
        conv = Conv2d(
            channels, configuration.outputChannels, kernel: 3, initialisation: style.ofLast, from: &stream)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { conv(norm.silu(x)) }
}
