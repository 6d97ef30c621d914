// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// The way down: at each resolution a block that halves the size, but for the first, and then plain blocks.
final class Encoder: Module {
    /// The channels of every output that the decoder takes over, in order.
    let channels: [Int]

    private let input: (name: String, layer: Conv2d)
    private let blocks: [(name: String, layer: UNetBlock)]

    init(_ configuration: DDPMppConfiguration, from stream: inout RandomStream) {
        var current = configuration.modelChannels
        let first = configuration.levels[0]
        input = ("\(first.name)_conv", Conv2d(configuration.imgChannels, current, kernel: 3, from: &stream))
        var channels = [current]
        var blocks: [(name: String, layer: UNetBlock)] = []

        func append(_ name: String, _ outputs: Int, _ resampling: Resampling?, attends: Bool) {
            let block = UNetBlock(
                current, outputs, embedding: configuration.embeddingChannels, resampling: resampling,
                heads: attends ? 1 : 0, from: &stream)
            blocks.append((name, block))
            channels.append(outputs)
            current = outputs
        }

        for (index, level) in configuration.levels.enumerated() {
            if index > 0 { append("\(level.name)_down", current, .down, attends: false) }
            for block in 0..<configuration.numBlocks {
                append("\(level.name)_block\(block)", level.channels, nil, attends: level.attends)
            }
        }
        self.channels = channels
        self.blocks = blocks
    }

    var members: [Member] { [.module(input.name, input.layer)] + blocks.map { .module($0.name, $0.layer) } }

    /// The outputs of all layers.
    func callAsFunction(_ x: Tensor, _ embedding: Tensor) -> [Tensor] {
        var outputs = [input.layer(x)]
        for block in blocks { outputs.append(block.layer(outputs[outputs.count - 1], embedding)) }
        return outputs
    }
}
