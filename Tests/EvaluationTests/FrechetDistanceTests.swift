// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct FrechetDistanceTests {
    @Test func ofNumbersIsThatOfMeansAndDeviations() {
        let distance = frechetDistance(gaussian([3], [[4]]), gaussian([-1], [[0.25]]))
        #expect(isClose(distance, 16 + 1.5 * 1.5))
    }

    @Test func ofCommutingCovariancesAddsUpOverAxes() {
        let a = gaussian([1, 2], [[4, 0], [0, 9]])
        let b = gaussian([0, 4], [[1, 0], [0, 0.01]])
        #expect(isClose(frechetDistance(a, b), 1 + 4 + 1 + 2.9 * 2.9))
    }

    /// The trace of the root of a 2x2 matrix M with positive eigenvalues is sqrt(Tr M + 2 sqrt(det M)).
    @Test func ofCovariancesThatDoNotCommute() {
        let (a, b) = (gaussian([1, 2], [[2, 1], [1, 3]]), gaussian([0, 4], [[5, -1], [-1, 1]]))
        let productTrace: Double = 2 * 5 + 2 * 1 * -1 + 3 * 1
        let productDeterminant: Double = 5 * 4
        let traces: Double = 5 + 6
        let expected = 1 + 4 + traces - 2 * (productTrace + 2 * productDeterminant.squareRoot()).squareRoot()
        #expect(isClose(frechetDistance(a, b), expected))
        #expect(isClose(frechetDistance(b, a), expected))
    }

    /// A positive T is the optimal transport from N(0, S) to N(0, T S T), whose cost is Tr((T - I) S (T -
    /// I)).
    @Test func isTheCostOfTransport() {
        let identity = Tensor.identity(8, dtype: .float64)
        func positive(_ seed: UInt64) -> Tensor {
            let root = samples(8, dimension: 8, seed: seed)
            return root.matmul(root.transposed(0, 1)) / 8 + identity
        }
        let (s, t) = (positive(1), positive(2))
        let zero = Tensor.zeros([8], dtype: .float64)
        let distance = frechetDistance(
            GaussianStatistics(mean: zero, covariance: s, count: 2),
            GaussianStatistics(mean: zero, covariance: t.matmul(s).matmul(t), count: 2))
        let move = t - identity
        #expect(isClose(distance, (move.matmul(s).matmul(move) * identity).sum().item()))
    }

    /// Of u u^T and v v^T the root's trace is |u . v|.
    @Test func ofSingularCovariances() {
        let a = gaussian([0, 0, 0], [[4, 2, 0], [2, 1, 0], [0, 0, 0]])
        let b = gaussian([0, 0, 0], [[1, 0, 3], [0, 0, 0], [3, 0, 9]])
        #expect(isClose(frechetDistance(a, b), 5 + 10 - 2 * 2, tolerance: 1e-12))
        let point = gaussian([0, 0, 0], [[0, 0, 0], [0, 0, 0], [0, 0, 0]])
        #expect(isClose(frechetDistance(a, point), 5))
        #expect(frechetDistance(point, point) == 0)
    }

    @Test func ofFewerVectorsThanDimensionsToThemselvesIsZero() {
        var few = GaussianStatistics(dimension: 64)
        few.add(samples(10, dimension: 64))
        let distance = frechetDistance(few, few)
        let variance = (few.covariance * .identity(64, dtype: .float64)).sum().item()
        #expect(distance >= 0 && distance < 1e-6 * variance)
    }

    @Test func ofWhatIsNotFiniteIsNotANumber() {
        let plain = gaussian([0, 0], [[1, 0], [0, 1]])
        #expect(frechetDistance(plain, gaussian([.nan, 0], [[1, 0], [0, 1]])).isNaN)
        #expect(frechetDistance(gaussian([0, 0], [[1, 0], [0, .infinity]]), plain).isNaN)
    }

    private func gaussian(_ mean: [Double], _ covariance: [[Double]]) -> GaussianStatistics {
        let size = mean.count
        return GaussianStatistics(
            mean: Tensor(mean), covariance: Tensor(covariance.flatMap { $0 }, shape: [size, size]), count: 2)
    }

    private func isClose(_ found: Double, _ expected: Double, tolerance: Double = 1e-9) -> Bool {
        abs(found - expected) <= tolerance * abs(expected)
    }
}
