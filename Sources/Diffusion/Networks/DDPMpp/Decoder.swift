// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// The way up: at each resolution blocks that each take over an output of the ``Encoder``, and at the lowest two blocks
/// before them.
final class Decoder: Module {
    private struct Block {
        let name: String
        let layer: UNetBlock
        let takesSkip: Bool
    }

    private let blocks: [Block]
    private let norm: (name: String, layer: GroupNorm)
    private let output: (name: String, layer: Conv2d)

    /// - Parameter skips: the channels of the encoder's outputs.
    init(_ configuration: DDPMppConfiguration, skips: [Int], from stream: inout RandomStream) {
        var skips = skips
        var current = skips[skips.count - 1]
        var blocks: [Block] = []

        func append(
            _ name: String, _ outputs: Int, skip: Int? = nil, resampling: Resampling? = nil,
            attends: Bool = false
        ) {
            let layer = UNetBlock(
                current + (skip ?? 0), outputs, embedding: configuration.embeddingChannels,
                resampling: resampling, heads: attends ? 1 : 0, from: &stream)
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
                    attends: level.attends && block == configuration.numBlocks)
            }
        }
        self.blocks = blocks
        norm = ("\(levels[0].name)_aux_norm", .ofBlocks(current))
        output = (
            "\(levels[0].name)_aux_conv",
            Conv2d(current, configuration.imgChannels, kernel: 3, initialisation: .almostZero, from: &stream)
        )
    }

    var members: [Member] {
        blocks.map { .module($0.name, $0.layer) }
            + [.module(norm.name, norm.layer), .module(output.name, output.layer)]
    }

    /// - Parameter skips: the encoder's outputs.
    func callAsFunction(_ skips: [Tensor], _ embedding: Tensor) -> Tensor {
        var skips = skips
        var x = skips[skips.count - 1]
        for block in blocks {
            if block.takesSkip { x = .concatenated([x, skips.removeLast()], dim: 1) }
            x = block.layer(x, embedding)
        }
        return output.layer(norm.layer.silu(x))
    }
}
