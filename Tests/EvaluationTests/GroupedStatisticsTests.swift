// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import TestSupport
import Testing
import Torch

@Suite struct GroupedStatisticsTests {
    @Test(arguments: [[1, 99], [33, 0, 67]]) func aVectorsGroupDependsOnItsNumberAlone(sizes: [Int]) throws {
        let features = samples(100, dimension: 3)
        var (whole, grouped) = (
            GroupedStatistics(dimension: 3, groups: 7), GroupedStatistics(dimension: 3, groups: 7)
        )
        whole.add(features)
        for chunk in features.split(sizes: sizes) { grouped.add(chunk) }
        for (name, tensor) in whole.state {
            #expect(relativeDifference(try #require(grouped.state[name]), tensor) < 1e-12, "\(name)")
        }
    }

    /// Groups of one class each would make a spread of the differences between classes.
    @Test(arguments: [{ $0 % 10 }, { $0 / 100 }] as [@Sendable (Int) -> Int])
    func groupsHoldAllClasses(label: @Sendable (Int) -> Int) throws {
        var grouped = GroupedStatistics(dimension: 10)
        grouped.add(Tensor((0..<1000).map(label)).oneHot(classCount: 10).to(.float32))
        let placed = try #require(GroupedStatistics(state: grouped.state))
        for group in placed.groups {
            #expect((70...130).contains(group.count))
            #expect(
                group.mean.array(as: Double.self).allSatisfy { (0.02...0.25).contains($0) }, "\(group.mean)")
        }
    }

    @Test func ofTwoVectorsHaveADistanceWithoutAnError() {
        var grouped = GroupedStatistics(dimension: 2)
        grouped.add(Tensor([0, 0, 2, 0] as [Double], shape: [2, 2]))
        let score = frechetDistance(grouped, grouped.total.gaussian)
        #expect(abs(score.value) < 1e-12 && score.spread == nil)
    }

    /// 600 vectors are more than two groups hold back.
    @Test func theTotalIsThatOfAllVectors() {
        let features = samples(1300, dimension: 4)
        var grouped = GroupedStatistics(dimension: 4, groups: 2)
        for chunk in features.split(sizes: [600, 3, 697]) { grouped.add(chunk) }
        let expected = statistics(features)
        #expect(grouped.count == 1300 && grouped.total.count == 1300)
        #expect(relativeDifference(grouped.total.mean, expected.mean) < 1e-12)
        #expect(relativeDifference(grouped.total.covariance, expected.covariance) < 1e-12)
    }

    @Test func aSavedStateGoesOn() throws {
        let parts = samples(90, dimension: 3).split(sizes: [41, 49])
        var whole = GroupedStatistics(dimension: 3, groups: 4)
        whole.add(parts[0])
        var resumed = try #require(GroupedStatistics(state: whole.state))
        whole.add(parts[1])
        resumed.add(parts[1])
        for (name, tensor) in whole.state {
            #expect(relativeDifference(try #require(resumed.state[name]), tensor) < 1e-12, "\(name)")
        }
    }

    @Test func whatIsNotAStateIsRefused() {
        var state = GroupedStatistics(dimension: 3, groups: 2).state
        state["1.mean"] = .zeros([4], dtype: .float64)
        #expect(GroupedStatistics(state: state) == nil)
        #expect(GroupedStatistics(state: ["groups": Tensor([2])]) == nil)
        #expect(GaussianStatistics(state: [:]) == nil)
    }

    @Test func theSpreadOfADistanceIsTheGroupedJackknife() throws {
        let features = samples(60, dimension: 3)
        let reference = statistics(samples(50, dimension: 3, seed: 2)).gaussian
        var grouped = GroupedStatistics(dimension: 3, groups: 5)
        grouped.add(features)
        let groups = try #require(GroupedStatistics(state: grouped.state)).groups
        let without = groups.indices.map { left in
            var others = GaussianStatistics(dimension: 3)
            for index in groups.indices where index != left { others.merge(groups[index]) }
            return frechetDistance(others.gaussian, reference)
        }
        let mean = without.reduce(0, +) / 5
        let variance = without.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } * 4 / 5
        let score = frechetDistance(grouped, reference)
        #expect(abs(score.value / frechetDistance(statistics(features).gaussian, reference) - 1) < 1e-12)
        #expect(abs(try #require(score.spread) / variance.squareRoot() - 1) < 1e-9)
    }

    /// Of one normal number against N(0, 1), whose distance is m^2 + (s - 1)^2. With m = 1 and s = 1 its variance is
    /// nearly that of m^2, 4 / n. Ten groups estimate a deviation to a quarter of it.
    @Test func theSpreadIsTheStandardError() throws {
        var stream = RandomStream(seed: 3, purpose: "numbers")
        let numbers = stream.normal([4000, 1], dtype: .float64) + 1
        let reference = Gaussian(mean: Tensor([0.0]), covariance: Tensor([1.0], shape: [1, 1]))
        var grouped = GroupedStatistics(dimension: 1)
        grouped.add(numbers)
        let spread = try #require(frechetDistance(grouped, reference).spread)
        let expected = 2 / 4000.0.squareRoot()
        #expect(spread > expected / 2 && spread < expected * 2)
    }

    @Test func copiesDoNotShareWhatChanges() {
        let parts = samples(40, dimension: 3).split(sizes: [20, 20])
        var first = statistics(parts[0])
        let before = first.covariance.array(as: Double.self)
        let copy = first
        first.add(parts[1])
        #expect(copy.covariance.array(as: Double.self) == before)
        #expect(first.covariance.array(as: Double.self) != before)
    }

    @Test func fewVectorsAreRankDeficient() {
        #expect(statistics(samples(4, dimension: 4)).isRankDeficient)
        #expect(!statistics(samples(5, dimension: 4)).isRankDeficient)
    }
}

/// The statistics of vectors `[N, D]`.
func statistics(_ features: Tensor) -> GaussianStatistics {
    var statistics = GaussianStatistics(dimension: features.shape[1])
    statistics.add(features)
    return statistics
}
