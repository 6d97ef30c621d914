// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// The way down: at each resolution a block that halves the size, but for the first, and then plain blocks.
///
/// NCSN++ also carries the image down by itself and adds it at every resolution: `x = (x + residual(image)) / sqrt(2)`,
/// which is then the image for the next.
final class UNetEncoder: Module {
    private enum Layer {
        case block(UNetBlock)
        case residual(HalvingConv2d)

        var module: any Module {
            switch self {
            case .block(let block): block
            case .residual(let residual): residual
            }
        }
    }

    /// The channels of every output that the decoder takes over, in order.
    let channels: [Int]
    /// The number of the last output at each resolution.
    let lastOutputs: [Int]

    private let input: (name: String, layer: Conv2d)
    private let layers: [(name: String, layer: Layer)]

    init(_ configuration: UNetConfiguration, style: UNetStyle, from stream: inout RandomStream) {
        var current = configuration.firstChannels
        var image = configuration.imgChannels
        let levels = configuration.levels
        input = (
            "\(levels[0].name)_conv",
            Conv2d(image, current, kernel: 3, initialisation: style.initialisation, from: &stream)
        )
        var channels = [current]
        var layers: [(name: String, layer: Layer)] = []
        var lastOutputs: [Int] = []

        func append(_ name: String, _ outputs: Int, _ resampling: Resampling? = nil, attends: Bool = false) {
            let block = UNetBlock(
                current, outputs, embedding: configuration.embeddingChannels, resampling: resampling,
                attends: attends, style: style, from: &stream)
            layers.append((name, .block(block)))
            channels.append(outputs)
            current = outputs
        }

        for (index, level) in levels.enumerated() {
            if index > 0 {
                append("\(level.name)_down", current, .down)
                if configuration.arch == .ncsnpp {
                    let residual = HalvingConv2d(image, current, style: style, from: &stream)
                    layers.append(("\(level.name)_aux_residual", .residual(residual)))
                    image = current
                }
            }
            for block in 0..<configuration.numBlocks {
                append("\(level.name)_block\(block)", level.channels, attends: level.attends)
            }
            lastOutputs.append(channels.count - 1)
        }
        self.lastOutputs = lastOutputs
        self.channels = channels
        self.layers = layers
    }

    var children: [Child] {
        [.module(input.name, input.layer)] + layers.map { .module($0.name, $0.layer.module) }
    }

    /// The outputs of all layers, those with the image added in the place of those without.
    func callAsFunction(_ x: Tensor, _ embedding: Tensor) -> [Tensor] {
        var image = x
        var outputs = [input.layer(x)]
        for (_, layer) in layers {
            let last = outputs[outputs.count - 1]
            switch layer {
            case .block(let block): outputs.append(block(last, embedding))
            case .residual(let residual):
                image = (last + residual(image)) * 0.5.squareRoot()
                outputs[outputs.count - 1] = image
            }
        }
        return outputs
    }
}
