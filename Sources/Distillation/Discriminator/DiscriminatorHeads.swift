// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// What makes logits of a trunk's inner features.
public enum DiscriminatorHead: String, Codable, Sendable, CaseIterable {
    /// Convolutions that halve the size, down to one logit for each feature map. Source: DMD2, appendix F (arXiv 2405.14867).
    case convolution
    /// The mean over the channels of the last feature map, a logit for each of its pixels, without any weights. Source: SiDA
    /// (arXiv 2410.14919).
    case mean
}

/// The heads of a discriminator, one on each feature map.
public final class DiscriminatorHeads: Module {
    private let heads: [ConvolutionHead]

    /// Heads with new weights, float32 on the CPU.
    ///
    /// - Parameters:
    ///   - kind: what they are made of.
    ///   - shapes: the shape of each feature map, `[C, H, W]`, at least one.
    ///   - width: the channels of the heads' layers; nil for as many as the feature map has.
    ///   - stream: what the weights are drawn from.
    public init(
        _ kind: DiscriminatorHead, on shapes: [[Int]], width: Int? = nil, from stream: inout RandomStream
    ) {
        var heads: [ConvolutionHead] = []
        if kind == .convolution {
            for shape in shapes {
                heads.append(ConvolutionHead(shape, width: width ?? shape[0], from: &stream))
            }
        }
        self.heads = heads
    }

    /// The heads by number.
    public var children: [Child] { heads.enumerated().map { .module("\($0)", $1) } }

    /// The logits of each sample.
    ///
    /// - Parameter features: feature maps `[N, C, H, W]` of the shapes that the heads are for; gradient flows through them.
    /// - Returns: `[N, K]`, float32: one for each feature map, or with ``DiscriminatorHead/mean`` one for each pixel of the last.
    public func callAsFunction(_ features: [Tensor]) -> Tensor {
        guard !heads.isEmpty else {
            return features[features.count - 1].to(.float32).mean(dims: [1]).flattened(from: 1)
        }
        return .concatenated(zip(heads, features).map { $0($1.to(.float32)) }, dim: 1)
    }
}

/// Convolutions of size 4 that halve a map until no side is longer than 4, a layer over all that is left, and one to a logit, with group
/// normalisation and SiLU between them. No sample depends on others of its batch.
private final class ConvolutionHead: Module {
    private let halvings: [(conv: Conv2d, norm: GroupNorm)]
    private let whole: Linear
    private let norm: GroupNorm
    private let logit: Linear

    init(_ shape: [Int], width: Int, from stream: inout RandomStream) {
        var (channels, rows, columns) = (shape[0], shape[1], shape[2])
        func makeNorm() -> GroupNorm { GroupNorm(width, groups: groupCount(width), epsilon: 1e-5) }
        var halvings: [(conv: Conv2d, norm: GroupNorm)] = []
        while max(rows, columns) > 4 {
            halvings.append(
                (Conv2d(channels, width, kernel: 4, stride: 2, padding: 1, from: &stream), makeNorm()))
            (channels, rows, columns) = (width, max(rows / 2, 1), max(columns / 2, 1))
        }
        self.halvings = halvings
        whole = Linear(channels * rows * columns, width, from: &stream)
        norm = makeNorm()
        logit = Linear(width, 1, from: &stream)
    }

    var children: [Child] {
        halvings.enumerated().flatMap { number, layers in
            [Child.module("conv\(number)", layers.conv), .module("norm\(number)", layers.norm)]
        } + [.module("whole", whole), .module("norm", norm), .module("logit", logit)]
    }

    /// - Returns: `[N, 1]`.
    func callAsFunction(_ x: Tensor) -> Tensor {
        var x = x
        for (conv, norm) in halvings { x = norm.silu(conv(x)) }
        return logit(norm(whole(x.contiguous().flattened(from: 1))).silu())
    }
}

/// As many groups as there can be of at least four channels each, 32 at most.
private func groupCount(_ channels: Int) -> Int {
    (1...32).last { channels.isMultiple(of: $0) && channels / $0 >= min(4, channels) } ?? 1
}
