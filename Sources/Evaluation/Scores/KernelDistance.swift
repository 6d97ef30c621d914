// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The numbers of the vectors that two sets contribute to a subset.
public struct SubsetPair {
    /// Numbers of vectors of the first set, int64 `[m]`, no two alike.
    public let first: Tensor
    /// As many of the second.
    public let second: Tensor

    /// - Parameters:
    ///   - first: int64 `[m]`, `m` at least 2.
    ///   - second: int64 `[m]`.
    public init(first: Tensor, second: Tensor) {
        precondition(
            first.rank == 1 && first.count >= 2 && first.count == second.count,
            "subsets have equal sizes from 2, not \(first.shape) and \(second.shape)")
        self.first = first
        self.second = second
    }
}

/// The kernel distance of two sets of vectors; on Inception's features it is KID.
///
/// The mean over random subsets of `m` vectors each of the unbiased estimate of the squared maximum mean discrepancy
///
///     sum_{i != j} (k(x_i, x_j) + k(y_i, y_j)) / (m (m - 1)) - 2 sum_{i, j} k(x_i, y_j) / m^2,
///     k(x, y) = (x . y / D + 1)^3
///
/// Binkowski et al., "Demystifying MMD GANs", arXiv 1801.01401. Since it has no bias it compares between different numbers
/// of images, and can be slightly negative. It differs from torch-fidelity 0.4.0 in computing in float64 and in which
/// subsets the seed names.
///
/// - Parameters:
///   - a: `[N, D]`, N at least `subsetSize`.
///   - b: `[M, D]`, M at least `subsetSize`.
///   - subsetSize: `m`, at least 2.
///   - subsets: how many.
///   - seed: names the subsets.
/// - Returns: the mean, and the deviation over subsets that is usually published with it. Subsets overlap, so it is no
///   standard error.
public func kernelDistance(
    _ a: Tensor, _ b: Tensor, subsetSize: Int = 1000, subsets: Int = 100, seed: UInt64 = 0
) -> Score {
    precondition(
        subsetSize >= 2 && subsetSize <= min(a.shape[0], b.shape[0]) && subsets >= 1,
        "no \(subsets) subsets of \(subsetSize) come from \(a.shape[0]) and \(b.shape[0]) vectors")
    let pairs = (0..<subsets).lazy.map { subset in
        var stream = RandomStream(seed: seed, purpose: "kernel distance", step: subset)
        let first = stream.permutation(a.shape[0]).narrowed(dim: 0, start: 0, count: subsetSize)
        let second = stream.permutation(b.shape[0]).narrowed(dim: 0, start: 0, count: subsetSize)
        return SubsetPair(first: first, second: second)
    }
    return kernelDistance(a, b, subsets: pairs)
}

/// The kernel distance of two sets of vectors over given subsets, as to repeat what another program drew.
///
/// - Parameters:
///   - a: `[N, D]`.
///   - b: `[M, D]`.
///   - subsets: at least one.
/// - Returns: as for ``kernelDistance(_:_:subsetSize:subsets:seed:)``.
public func kernelDistance(_ a: Tensor, _ b: Tensor, subsets: some Sequence<SubsetPair>) -> Score {
    precondition(
        a.rank == 2 && b.rank == 2 && a.shape[1] == b.shape[1],
        "features are [N, D] and [M, D], not \(a.shape) and \(b.shape)")
    return Score(
        meanAndDeviationOf: subsets.map { subset in
            squaredDiscrepancy(
                a.indexed(by: subset.first.to(a.device)).detached().to(.float64),
                b.indexed(by: subset.second.to(b.device)).detached().to(.float64))
        })
}

/// The unbiased estimate for two sets `[m, D]`.
private func squaredDiscrepancy(_ x: Tensor, _ y: Tensor) -> Double {
    let count = Double(x.shape[0])
    func kernel(_ products: Tensor) -> Tensor { (products / Double(x.shape[1]) + 1).pow(3) }
    func sumOfPairs(_ x: Tensor) -> Double {
        (kernel(x.matmul(x.transposed(0, 1))).sum() - kernel(x.square().sum(dims: [1])).sum()).item()
    }
    let across = kernel(x.matmul(y.transposed(0, 1))).sum().item()
    return (sumOfPairs(x) + sumOfPairs(y)) / (count * (count - 1)) - 2 * across / (count * count)
}
