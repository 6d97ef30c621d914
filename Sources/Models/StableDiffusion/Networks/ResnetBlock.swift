// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// A residual block: two convolutions, with what the block is told of the noise level brought in between.
///
///     h = conv2(silu(norm2(conv1(silu(norm1(x))) + time_emb_proj(embedding))))
///     y = shortcut(x) + h
///
/// Source: Rombach et al. 2022, appendix (arXiv 2112.10752), after Ho et al. 2020; the names are those of diffusers.
final class ResnetBlock: ActivationCheckpointing {
    /// Whether the backward pass makes the block's inner results again.
    let recomputes = Setting(false)

    private let norm1: GroupNorm
    private let conv1: Conv2d
    private let timeProjection: Linear?
    private let norm2: GroupNorm
    private let conv2: Conv2d
    private let shortcut: Conv2d?

    /// - Parameters:
    ///   - inputs: the channels of the input.
    ///   - outputs: the channels of the output.
    ///   - embedding: the size of the embedding; nil in an autoencoder, which has none.
    ///   - style: what it has in common with the network's other blocks.
    ///   - stream: where the weights are drawn from.
    init(
        _ inputs: Int, _ outputs: Int, embedding: Int?, style: StableDiffusionStyle,
        from stream: inout RandomStream
    ) {
        norm1 = style.norm(inputs)
        conv1 = style.conv(inputs, outputs, from: &stream)
        timeProjection = embedding.map { style.linear($0, outputs, from: &stream) }
        norm2 = style.norm(outputs)
        conv2 = style.conv(outputs, outputs, from: &stream)
        shortcut =
            inputs == outputs
            ? nil
            : Conv2d(
                inputs, outputs, kernel: 1, initialisation: style.initialisation, from: &stream)
    }

    var children: [Child] {
        [
            .module("norm1", norm1), .module("conv1", conv1), .module("time_emb_proj", timeProjection),
            .module("norm2", norm2), .module("conv2", conv2), .module("conv_shortcut", shortcut),
        ]
    }

    /// - Parameters:
    ///   - x: `[N, inputs, H, W]`.
    ///   - embedding: the activated embedding, `[N, embedding]`; nil in an autoencoder.
    /// - Returns: `[N, outputs, H, W]`.
    func callAsFunction(_ x: Tensor, _ embedding: Tensor? = nil) -> Tensor {
        if embedding == nil, x.goesInStrips { return ofStrips(x) }
        return checkpointed([x] + (embedding.map { [$0] } ?? [])) { [self] inputs in
            let shift = inputs.count > 1 ? timeProjection?(inputs[1]) : nil
            let h = conv2(norm2.silu(conv1(norm1.silu(inputs[0])), shift: shift))
            return (shortcut?(inputs[0]) ?? inputs[0]) + h
        }
    }

    /// The same of a large image, for which memory holds input and output, and what lies between the convolutions.
    private func ofStrips(_ x: Tensor) -> Tensor {
        let first = norm1.inStrips(of: x)
        let h = inStrips(x) { conv1(first.silu($0)) }
        let second = norm2.inStrips(of: h)
        let y = inStrips(h) { conv2(second.silu($0)) }
        for start in stride(from: 0, to: x.shape[2], by: 64) {
            func rows(_ x: Tensor) -> Tensor {
                x.narrowed(dim: 2, start: start, count: min(64, x.shape[2] - start))
            }
            var sum = rows(y)
            withoutGradients { sum += shortcut?(rows(x)) ?? rows(x) }
        }
        return y
    }
}
