// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import TestSupport
import Testing
import Torch

@Suite("Noise schedules")
struct NoiseScheduleTests {
    @Test("the bins of EDM have the values that DMD's public runs use")
    func karrasBins() {
        let level = KarrasSchedule().level(at: Tensor([0, 20, 980, 998, 999]))
        let sigmas = level.sigma.array(as: Double.self)
        for (found, expected) in zip(sigmas, [0.002, 0.00323, 72.05, 79.564, 80]) {
            #expect(abs(found / expected - 1) < 1e-3)
        }
        #expect(sigmas[4] == 80)
        #expect(level.alpha.array(as: Double.self) == [1, 1, 1, 1, 1])
        #expect(level.time.array(as: Double.self) == sigmas)
        #expect(
            [level.alpha, level.sigma, level.time].allSatisfy { $0.shape == [5] && $0.dtype == .float32 })
    }

    @Test("EDM's sampling levels fall from the largest to the least, and then to 0")
    func samplingLevels() {
        let levels = KarrasSchedule().samplingLevels(count: 3)
        for (found, expected) in zip(levels, [80, 2.515218976147159, 0.002, 0]) {
            #expect(abs(found.sigma - expected) < 1e-12 * 80)
            #expect(found.alpha == 1 && found.time == found.sigma && found.noiseToSignal == found.sigma)
        }
        #expect(levels.count == 4 && levels[3] == .clean && levels[3].sigma == 0)
        #expect(KarrasSchedule().samplingLevels(count: 1).count == 2)
    }

    @Test("a variance-preserving schedule's sampling levels have the same ratios' roots evenly spaced")
    func variancePreservingLevels() {
        let schedule = VariancePreservingSchedule.scaledLinear()
        let levels = schedule.samplingLevels(count: 5)
        #expect(levels.count == 6 && levels[5] == .clean)
        let roots = levels.dropLast().map { pow($0.noiseToSignal, 1.0 / 7) }
        for (a, b) in zip(roots, roots.dropFirst()) {
            #expect(abs(a - b - (roots[0] - roots[4]) / 4) < 1e-12)
        }
        #expect(abs(levels[0].noiseToSignal / schedule.noiseToSignalRange.upperBound - 1) < 1e-12)
        #expect(abs(levels[4].noiseToSignal / schedule.noiseToSignalRange.lowerBound - 1) < 1e-12)
        for level in levels {
            #expect(abs(level.alpha * level.alpha + level.sigma * level.sigma - 1) < 1e-12)
        }
        #expect(zip(levels, levels.dropFirst().dropLast()).allSatisfy { $0.time > $1.time })
    }

    @Test("all levels as plain numbers are those by their numbers")
    func plainLevels() {
        let schedule = VariancePreservingSchedule.linear(count: 50)
        let level = schedule.level(at: .arange(50))
        #expect(schedule.levels.map(\.alpha) == level.alpha.array(as: Double.self))
        #expect(schedule.levels.map(\.sigma) == level.sigma.array(as: Double.self))
        #expect(schedule.levels.map(\.time) == (0..<50).map(Double.init))
    }

    @Test("Stable Diffusion's schedule has the published cumulative products")
    func scaledLinear() {
        let level = VariancePreservingSchedule.scaledLinear().level(at: Tensor([0, 249, 399, 499, 749, 999]))
        let products = [0.99914998, 0.67543209, 0.42608613, 0.27766943, 0.05662345, 0.00466010]
        for (found, expected) in zip(level.alpha.square().array(as: Double.self), products) {
            #expect(abs(found / expected - 1) < 2e-5)
        }
        let total = level.alpha.square() + level.sigma.square()
        #expect(relativeDifference(total, .ones([6])) < 1e-6)
        #expect(level.time.array(as: Double.self) == [0, 249, 399, 499, 749, 999])
    }

    @Test("a ratio between two steps of a variance-preserving schedule gets a time between them")
    func interpolatedTime() {
        let schedule = VariancePreservingSchedule.scaledLinear()
        let steps = schedule.level(at: Tensor([499, 500]))
        let ratios = (steps.sigma / steps.alpha).array(as: Double.self)

        let exact = schedule.level(noiseToSignal: ratios[0])
        let batch = exact.level(count: 2)
        #expect(abs(batch.time.array(as: Double.self)[1] - 499) < 1e-3)
        #expect(batch.alpha.shape == [2] && batch.alpha.dtype == .float64)
        #expect(batch.alpha.array(as: Double.self) == [exact.alpha, exact.alpha])
        #expect(batch.sigma.array(as: Double.self) == [exact.sigma, exact.sigma])

        let between = schedule.level(noiseToSignal: (ratios[0] * ratios[1]).squareRoot())
        #expect(abs(between.time - 499.5) < 1e-2)
        #expect(abs(between.noiseToSignal / (ratios[0] * ratios[1]).squareRoot() - 1) < 1e-12)

        let ends = schedule.noiseToSignalRange
        #expect(schedule.level(noiseToSignal: ends.lowerBound).time == 0)
        #expect(abs(schedule.level(noiseToSignal: ends.upperBound).time - 999) < 1e-9)
    }

    @Test(
        "noising mixes image and noise, each sample at its own level, whatever the rank of a sample",
        arguments: [[2], [2, 1], [2, 1, 1, 1], [2, 1, 1, 1, 1]])
    func noising(shape: [Int]) {
        let schedule = VariancePreservingSchedule(betas: [0.19, 0.5])  // alpha^2 is 0.81 and 0.405
        let x = Tensor([1.0, 2.0], shape: shape)
        let noise = Tensor([10.0, 20.0], shape: shape)
        let noised = schedule.level(at: Tensor([0, 1])).noising(x, noise: noise)
        let expected = [0.9 + 10 * 0.19.squareRoot(), 2 * 0.405.squareRoot() + 20 * 0.595.squareRoot()]
        #expect(noised.dtype == .float64)
        #expect(relativeDifference(noised, Tensor(expected, shape: shape)) < 1e-6)
    }

    @Test("levels have the rank and the type of what they are matched with")
    func matching() {
        let level = NoiseLevel(
            alpha: Tensor([0.5, 0.25]), sigma: Tensor([0.75, 1]), time: Tensor([3.0, 4]))
        for shape in [[2], [2, 3], [2, 3, 4, 5]] {
            let matched = level.matching(.zeros(shape, dtype: .bfloat16))
            let expected = [2] + Array(repeating: 1, count: shape.count - 1)
            #expect(matched.alpha.shape == expected && matched.sigma.shape == expected)
            #expect(matched.time.shape == [2] && matched.alpha.dtype == .bfloat16)
            #expect(matched.alpha.array(as: Double.self) == [0.5, 0.25])
            #expect(matched.sigma.array(as: Double.self) == [0.75, 1])
        }
        let both = NoiseLevel.concatenated([level, NoiseLevel(sigma: Tensor([7.0]))])
        #expect(both.alpha.array(as: Double.self) == [0.5, 0.25, 1])
        #expect(both.sigma.array(as: Double.self) == [0.75, 1, 7])
        #expect(both.time.array(as: Double.self) == [3, 4, 7])
    }
}
