// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import TestSupport
import Testing
import Torch

@Suite struct GaussianStatisticsTests {
    @Test func agreesWithTheDefinition() {
        let (x, y) = ([1.0, 3, -2, 0], [2.0, 5, 4, 0.5])
        var statistics = GaussianStatistics(dimension: 2)
        statistics.add(Tensor(x + y, shape: [2, 4]).transposed(0, 1))
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / 4 }
        func covariance(_ a: [Double], _ b: [Double]) -> Double {
            let (meanA, meanB) = (mean(a), mean(b))
            return zip(a, b).reduce(0) { sum, pair in sum + (pair.0 - meanA) * (pair.1 - meanB) } / 3
        }
        let expected = [covariance(x, x), covariance(x, y), covariance(y, x), covariance(y, y)]
        #expect(statistics.count == 4)
        #expect(relativeDifference(statistics.mean, Tensor([mean(x), mean(y)])) < 1e-14)
        #expect(relativeDifference(statistics.covariance, Tensor(expected, shape: [2, 2])) < 1e-14)
    }

    /// The mean is a million deviations away: sums of squares would keep four digits of the covariance.
    @Test(arguments: [[200], [1, 199], [64, 64, 64, 8], [0, 3, 0, 197]])
    func chunksDoNotMatter(sizes: [Int]) {
        let features = samples(200, dimension: 5) + 1e6
        var streamed = GaussianStatistics(dimension: 5)
        for chunk in features.split(sizes: sizes) { streamed.add(chunk) }
        let centred = features - features.mean(dims: [0])
        let covariance = centred.transposed(0, 1).matmul(centred) / 199
        #expect(streamed.count == 200)
        #expect(relativeDifference(streamed.mean, features.mean(dims: [0])) < 1e-15)
        #expect(relativeDifference(streamed.covariance, covariance) < 1e-9)
    }

    @Test func partsMerge() {
        let parts = samples(90, dimension: 4).split(sizes: [20, 70])
        var (first, second) = (GaussianStatistics(dimension: 4), GaussianStatistics(dimension: 4))
        first.add(parts[0])
        second.add(parts[1])
        var whole = first
        whole.add(parts[1])
        var merged = GaussianStatistics(dimension: 4)
        merged.merge(second)
        merged.merge(first)
        #expect(merged.count == 90 && first.count == 20)
        #expect(relativeDifference(merged.mean, whole.mean) < 1e-14)
        #expect(relativeDifference(merged.covariance, whole.covariance) < 1e-14)
    }

    @Test func knownStatisticsGoOn() {
        let parts = samples(60, dimension: 3).split(sizes: [25, 35])
        var first = GaussianStatistics(dimension: 3)
        first.add(parts[0])
        var resumed = GaussianStatistics(mean: first.mean, covariance: first.covariance, count: first.count)
        resumed.add(parts[1])
        first.add(parts[1])
        #expect(relativeDifference(resumed.covariance, first.covariance) < 1e-14)
    }

    @Test func singlePrecisionFeaturesAreSummedInDouble() {
        let features = samples(50, dimension: 3).to(.float32)
        var (single, double) = (GaussianStatistics(dimension: 3), GaussianStatistics(dimension: 3))
        single.add(features)
        double.add(features.to(.float64))
        #expect(single.covariance.dtype == .float64)
        #expect(single.covariance.array(as: Double.self) == double.covariance.array(as: Double.self))
    }
}

/// Correlated normal vectors.
func samples(_ count: Int, dimension: Int, seed: UInt64 = 1) -> Tensor {
    var stream = RandomStream(seed: seed, purpose: "features")
    let independent = stream.normal([count, dimension], dtype: .float64)
    return independent.matmul(stream.normal([dimension, dimension], dtype: .float64))
}
