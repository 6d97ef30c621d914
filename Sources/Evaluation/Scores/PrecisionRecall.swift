// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// Improved precision and recall: the share of generated images that look real, and the share of real ones that the
/// generator can make.
///
/// An image looks real if its vector lies in the ball around some real one that reaches to that one's third neighbour;
/// recall exchanges the roles. Kynkaanniemi et al., "Improved Precision and Recall Metric for Assessing Generative
/// Models", arXiv 1904.06991. As in the authors' program and torch-fidelity 0.4.0, neighbours are counted without the
/// vector itself, and a vector on the edge of a ball is inside. Both depend on the numbers of images: use equal ones.
///
/// - Parameters:
///   - generated: of generated images.
///   - real: of real ones, on the same device.
///   - k: the neighbour that balls reach to.
/// - Returns: each with the standard error over the images that are counted, the balls held fixed: what a bootstrap over
///   those images tends to, `sqrt(p (1 - p) / (n - 1))`.
public func precisionAndRecall(
    of generated: Manifold, against real: Manifold, neighbours k: Int = 3
) -> (precision: Score, recall: Score) {
    let (generatedRadii, realRadii) = (generated.radii(k).unsqueezed(1), real.radii(k))
    let device = real.features.device
    let precise = Tensor.zeros([generated.count], device: device)
    let recalled = Tensor.zeros([real.count], device: device)
    eachBlock(of: generated.features, to: real.features) { distances, row, column in
        let (height, width) = (distances.shape[0], distances.shape[1])
        mark(
            precise.narrowed(dim: 0, start: row, count: height),
            where: distances, within: realRadii.narrowed(dim: 0, start: column, count: width), along: 1)
        mark(
            recalled.narrowed(dim: 0, start: column, count: width),
            where: distances, within: generatedRadii.narrowed(dim: 0, start: row, count: height), along: 0)
    }
    return (
        Score(meanOf: precise.array(as: Double.self)), Score(meanOf: recalled.array(as: Double.self))
    )
}

private let lessOrEqual = Operator("aten::le.Tensor")
private let any = Operator("aten::any.dim")

/// Sets those of `flags` to 1 for which some distance along a dimension is within its radius.
private func mark(_ flags: Tensor, where distances: Tensor, within radii: Tensor, along dim: Int) {
    let found = any(.tensor(lessOrEqual(.tensor(distances), .tensor(radii))), .int(dim))
    flags.copy(from: found.selecting(.ones([], device: flags.device), else: flags))
}
