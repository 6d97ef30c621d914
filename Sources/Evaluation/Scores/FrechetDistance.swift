// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// The squared Frechet distance of two normal distributions,
///
///     |m_1 - m_2|^2 + Tr(S_1 + S_2 - 2 (S_1 S_2)^(1/2)).
///
/// Dowson and Landau, "The Frechet distance between multivariate normal distributions", 1982; on the features of
/// ``InceptionV3`` it is the FID of Heusel et al., arXiv 1706.08500. The square root is never formed: with
/// `L_i L_i^T = S_i`, its trace is the sum of the singular values of `L_1^T L_2`. Here `L_i` is the eigenvectors of `S_i`
/// scaled by the roots of their eigenvalues.
///
/// Eigenvalues below the rounding errors of the largest, `D 2^-52` of it, count as none, so that singular covariances, as
/// of fewer vectors than dimensions, give a finite and repeatable result: the distance of the two degenerate
/// distributions. It depends on the number of vectors then, see ``GaussianStatistics/isRankDeficient``. Other programs
/// take roots of what rounding left of the zeros, or add a multiple of the identity, and so differ in some digits there.
///
/// - Returns: the distance, at least 0; not a number if a distribution is infinite or not a number itself, as those of a
///   diverged generator are.
public func frechetDistance(_ a: Gaussian, _ b: Gaussian) -> Double {
    FactoredGaussian(a).distance(to: FactoredGaussian(b))
}

/// The squared Frechet distance of the normal distributions of two sets of vectors, see
/// ``frechetDistance(_:_:)-(Gaussian,_)``.
///
/// - Parameters:
///   - a: statistics of two vectors or more.
///   - b: statistics of two vectors or more, of the same length.
public func frechetDistance(_ a: GaussianStatistics, _ b: GaussianStatistics) -> Double {
    frechetDistance(a.gaussian, b.gaussian)
}

/// The squared Frechet distance of vectors from a reference, and its standard error by the grouped jackknife: with
/// `d_k` the distance of all vectors but those of group `k` of `K`,
///
///     SE^2 = (K - 1) / K  sum_k (d_k - mean d)^2.
///
/// Shao and Wu, "A General Theory for Jackknife Variance Estimation", 1989. The distance is a smooth function of means
/// and products, for which this is sound; and each `d_k` is of nearly all vectors, while the bootstrap's repeated vectors
/// and distances of small subsets carry more of the bias that the distance has at a finite number of vectors. That bias
/// itself is not in the error: compare distances of equal numbers only. The reference counts as exact.
///
/// - Parameters:
///   - a: statistics of two vectors or more.
///   - reference: of vectors of the same length.
/// - Returns: without a standard error where a group left out leaves fewer than two vectors.
public func frechetDistance(_ a: GroupedStatistics, _ reference: Gaussian) -> Score {
    let factored = FactoredGaussian(reference)
    let distance = FactoredGaussian(a.total.gaussian).distance(to: factored)
    guard let distances = a.leavingOutEach({ factored.quickDistance(from: $0.gaussian) }) else {
        return Score(distance)
    }
    let count = Double(distances.count)
    let mean = distances.reduce(0, +) / count
    let squares = distances.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return Score(distance, spread: (squares * (count - 1) / count).squareRoot())
}

/// A distribution with `L`, `[D, r]`, where `L L^T` is the covariance of rank `r`; nil if it is not finite.
private struct FactoredGaussian {
    private static let singularValues = Operator("aten::linalg_svdvals")

    let mean: Tensor
    let trace: Double
    let factor: Tensor?

    init(_ gaussian: Gaussian) {
        let size = gaussian.dimension
        mean = gaussian.mean
        trace = (gaussian.covariance * .identity(size, dtype: .float64)).sum().item()
        guard (gaussian.covariance.sum() + mean.sum()).item().isFinite else {
            factor = nil
            return
        }
        let (values, vectors) = gaussian.covariance.eigenSymmetric()
        let ascending = values.array(as: Double.self)
        let least = Double(size) * Double.ulpOfOne * (ascending.last ?? 0)
        let zeros = ascending.prefix { $0 <= max(least, 0) }.count
        func positive(_ x: Tensor, dim: Int) -> Tensor {
            x.narrowed(dim: dim, start: zeros, count: size - zeros)
        }
        factor = positive(vectors, dim: 1) * positive(values, dim: 0).sqrt()
    }

    /// The distance from a distribution that is not factored, by the eigenvalues of `L^T S L` and in half the time. Where
    /// both covariances are singular, the roots of what rounding left of zeros add some 1e-6 of the distance.
    func quickDistance(from other: Gaussian) -> Double {
        let covariance = other.covariance
        guard let factor, (covariance.sum() + other.mean.sum()).item().isFinite else { return .nan }
        let product = factor.transposed(0, 1).matmul(covariance).matmul(factor)
        let roots = product.count > 0 ? product.eigenvaluesSymmetric().relu().sqrt().sum().item() : 0
        let otherTrace = (covariance * .identity(mean.count, dtype: .float64)).sum().item()
        return (mean - other.mean).square().sum().item() + trace + otherTrace - 2 * roots
    }

    func distance(to other: FactoredGaussian) -> Double {
        precondition(
            mean.count == other.mean.count, "features of \(mean.count) and \(other.mean.count) dimensions")
        guard let factor, let otherFactor = other.factor else { return .nan }
        let product = factor.transposed(0, 1).matmul(otherFactor)
        let roots = product.count > 0 ? Self.singularValues(.tensor(product)).sum().item() : 0
        return max((mean - other.mean).square().sum().item() + trace + other.trace - 2 * roots, 0)
    }
}
