// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The Inception score: how sure a classifier is of each image, and how evenly images spread over the classes,
///
///     exp(mean_x KL(p(y | x) || p(y))),   p(y) = mean_x p(y | x)
///
/// for each of some equal parts of the images. Salimans et al., "Improved Techniques for Training GANs", arXiv 1606.03498,
/// with ten parts of 5,000 images. Computed in float64.
///
/// - Parameters:
///   - logits: `[N, C]`, N at least `splits`; those of ``InceptionV3`` are without biases, as the score's first program
///     had them. Images must be in random order: parts of a set sorted by class score low.
///   - splits: the number of parts. Part `i` is the images from `i N / splits` on, rounded down.
/// - Returns: the mean over parts, and their deviation that is usually published with it.
public func inceptionScore(logits: Tensor, splits: Int = 10) -> Score {
    precondition(
        logits.rank == 2 && splits >= 1 && logits.shape[0] >= splits,
        "\(logits.shape) are not logits [N, C] of \(splits) images or more")
    let count = logits.shape[0]
    return Score(
        meanAndDeviationOf: (0..<splits).map { split in
            let start = split * count / splits
            let end = (split + 1) * count / splits
            let part = logits.detached().narrowed(dim: 0, start: start, count: end - start).to(.float64)
            let logarithms = logSoftmax(.tensor(part), 1)
            let probabilities = logarithms.exp()
            // Where a class has no share at all, 0 log 0 is 0.
            let shares = probabilities.mean(dims: [0], keepDims: true).clamped(min: 1e-300, max: 1)
            return (probabilities * (logarithms - shares.log())).sum(dims: [1]).mean().exp().item()
        })
}

private let logSoftmax = Operator("aten::log_softmax.int")
