// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// A part of ``InceptionV3``: from `[N, C, H, W]` to the same with other sizes.
protocol InceptionLayer: Sendable {
    func callAsFunction(_ x: Tensor) -> Tensor
}

/// The largest of each 3x3 pixels, two apart.
struct Halving: InceptionLayer {
    func callAsFunction(_ x: Tensor) -> Tensor { x.maxPool2d(kernel: 3, stride: 2) }
}

/// Convolutions one after another.
struct Chain: InceptionLayer {
    let convolutions: [RectifiedConvolution]

    func callAsFunction(_ x: Tensor) -> Tensor { convolutions.reduce(x) { $1($0) } }
}

/// Layers side by side, their channels one after another.
struct Branches: InceptionLayer {
    let branches: [any InceptionLayer]

    func callAsFunction(_ x: Tensor) -> Tensor { .concatenated(branches.map { $0(x) }, dim: 1) }
}

/// A convolution with a layer after it.
struct Then: InceptionLayer {
    let first: any InceptionLayer
    let second: any InceptionLayer

    func callAsFunction(_ x: Tensor) -> Tensor { second(first(x)) }
}

/// A convolution of the largest of each 3x3 pixels.
struct PooledConvolution: InceptionLayer {
    let convolution: RectifiedConvolution

    func callAsFunction(_ x: Tensor) -> Tensor { convolution(x.maxPool2d(kernel: 3, stride: 1, padding: 1)) }
}

/// Branches that all begin with a 1x1 convolution, the last of them of each 3x3 pixels' mean.
///
/// Means and 1x1 convolutions commute, so that one convolution can begin all branches and the mean is taken of fewer
/// channels. Means are over the pixels inside the image, which keeps biases as they are.
struct SharedBranches: InceptionLayer {
    private static let mean = Operator("aten::avg_pool2d")

    /// The 1x1 convolutions, as one.
    private let first: RectifiedConvolution
    private let widths: [Int]
    /// What follows in each branch but the last.
    private let rest: [any InceptionLayer]

    /// - Parameters:
    ///   - firsts: the 1x1 convolution of each branch.
    ///   - rest: what follows in each branch but the last.
    init(_ firsts: [RectifiedConvolution], then rest: [any InceptionLayer]) {
        precondition(firsts.count == rest.count + 1, "the last branch ends with its mean")
        first = RectifiedConvolution(
            weight: .concatenated(firsts.map(\.weight)).channelsLast(),
            bias: .concatenated(firsts.map(\.bias)),
            stride: 1, padding: [0, 0])
        widths = firsts.map { $0.bias.count }
        self.rest = rest
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let begun = first.linear(x).split(sizes: widths, dim: 1)
        var results = zip(rest, begun).map { $0($1.relu()) }
        let means = Self.mean(
            .tensor(begun[rest.count]), .ints([3, 3]), .ints([1, 1]), .ints([1, 1]), false, false)
        results.append(means.relu())
        return .concatenated(results, dim: 1)
    }
}
