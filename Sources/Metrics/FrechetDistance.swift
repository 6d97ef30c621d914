// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// The squared Frechet distance of two Gaussians,
///
///     |m_1 - m_2|^2 + Tr(S_1 + S_2 - 2 (S_1 S_2)^(1/2)).
///
/// Dowson and Landau, "The Frechet distance between multivariate normal distributions", 1982. The square root
/// is never formed: with any `L L^T = S_1`, the product `S_1 S_2` has the eigenvalues of the symmetric
/// `L^T S_2 L`, and the sum of their roots is the trace sought. Here `L` is `S_1`'s eigenvectors scaled by
/// the roots of its eigenvalues. Eigenvalues that rounding has made negative count as zero, so singular
/// covariances, as of fewer vectors than dimensions, do no harm.
///
/// - Parameters:
///   - a: statistics of two vectors or more.
///   - b: statistics of two vectors or more, of the same length.
/// - Returns: the distance, at least 0; not a number if statistics are infinite or not numbers themselves, as
///   those of a diverged generator are.
public func frechetDistance(_ a: GaussianStatistics, _ b: GaussianStatistics) -> Double {
    precondition(a.mean.count == b.mean.count, "features of \(a.mean.count) and \(b.mean.count) dimensions")
    let meanTerm = (a.mean - b.mean).square().sum()
    let sum = a.covariance + b.covariance
    guard (meanTerm + sum.sum()).item().isFinite else { return .nan }

    let (values, vectors) = a.covariance.eigenSymmetric()
    let factor = vectors * rootsOfPositive(values)
    let product = factor.transposed(0, 1).matmul(b.covariance).matmul(factor)
    let trace = (sum * .identity(a.mean.count, dtype: .float64)).sum()
    let distance = meanTerm + trace - rootsOfPositive(product.eigenvaluesSymmetric()).sum() * 2
    return max(distance.item(), 0)
}

private func rootsOfPositive(_ eigenvalues: Tensor) -> Tensor { eigenvalues.relu().sqrt() }
