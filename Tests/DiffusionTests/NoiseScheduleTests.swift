// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
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
        #expect(level.sigma.shape == [5, 1, 1, 1] && level.time.shape == [5])
        #expect(level.sigma.dtype == .float32)
    }

    @Test("EDM's sampling levels fall from the largest to the least, and then to 0")
    func samplingSigmas() {
        let sigmas = KarrasSchedule().samplingSigmas(count: 3)
        for (found, expected) in zip(sigmas, [80, 2.515218976147159, 0.002, 0]) {
            #expect(abs(found - expected) < 1e-12 * 80)
        }
        #expect(sigmas.count == 4 && sigmas[3] == 0)
        #expect(KarrasSchedule().samplingSigmas(count: 1).count == 2)
    }

    @Test("Stable Diffusion's schedule has the published cumulative products")
    func scaledLinear() {
        let level = VariancePreservingSchedule.scaledLinear().level(at: Tensor([0, 249, 399, 499, 749, 999]))
        let products = [0.99914998, 0.67543209, 0.42608613, 0.27766943, 0.05662345, 0.00466010]
        for (found, expected) in zip(level.alpha.square().array(as: Double.self), products) {
            #expect(abs(found / expected - 1) < 2e-5)
        }
        let total = level.alpha.square() + level.sigma.square()
        #expect(relativeDifference(total, .ones([6, 1, 1, 1])) < 1e-6)
        #expect(level.time.array(as: Double.self) == [0, 249, 399, 499, 749, 999])
    }

    @Test("a ratio between two steps of a variance-preserving schedule gets a time between them")
    func interpolatedTime() {
        let schedule = VariancePreservingSchedule.scaledLinear()
        let steps = schedule.level(at: Tensor([499, 500]))
        let ratios = (steps.sigma / steps.alpha).array(as: Double.self)

        let exact = schedule.level(noiseToSignal: ratios[0], count: 2)
        #expect(abs(exact.time.array(as: Double.self)[1] - 499) < 1e-3)
        #expect(exact.alpha.shape == [2, 1, 1, 1] && exact.alpha.dtype == .float64)

        let between = schedule.level(noiseToSignal: (ratios[0] * ratios[1]).squareRoot(), count: 1)
        #expect(abs(between.time.item() - 499.5) < 1e-2)
        #expect(
            abs((between.sigma / between.alpha).item() / (ratios[0] * ratios[1]).squareRoot() - 1) < 1e-12)

        let ends = schedule.noiseToSignalRange
        #expect(schedule.level(noiseToSignal: ends.lowerBound, count: 1).time.item() == 0)
        #expect(abs(schedule.level(noiseToSignal: ends.upperBound, count: 1).time.item() - 999) < 1e-9)
    }

    @Test("noising mixes image and noise, each sample at its own level")
    func noising() {
        let schedule = VariancePreservingSchedule(betas: [0.19, 0.5])  // alpha^2 is 0.81 and 0.405
        let x = Tensor([1.0, 2.0], shape: [2, 1, 1, 1])
        let noise = Tensor([10.0, 20.0], shape: [2, 1, 1, 1])
        let noised = schedule.level(at: Tensor([0, 1])).noising(x, noise: noise)
        let expected = [0.9 + 10 * 0.19.squareRoot(), 2 * 0.405.squareRoot() + 20 * 0.595.squareRoot()]
        #expect(noised.dtype == .float64)
        #expect(relativeDifference(noised, Tensor(expected, shape: [2, 1, 1, 1])) < 1e-6)
    }
}
