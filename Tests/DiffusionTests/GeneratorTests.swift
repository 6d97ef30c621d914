// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import TestSupport
import Testing
import Torch

@Suite("A generator")
struct GeneratorTests {
    private static let schedules: [any NoiseSchedule] = [
        KarrasSchedule(), VariancePreservingSchedule.scaledLinear(), RectifiedFlowSchedule(),
    ]

    private func normals(_ count: Int, _ purpose: String) -> Tensor {
        var stream = RandomStream(seed: 4, purpose: purpose)
        return stream.normal([count, 3], dtype: .float64)
    }

    /// The factors of the Gaussian's denoiser at a level: `mu = m + gain (x_t - alpha m)`.
    private func gain(_ level: SamplerLevel, variance: Double) -> Double {
        level.alpha * variance / (level.alpha * level.alpha * variance + level.sigma * level.sigma)
    }

    @Test("of one step is the denoiser at the highest level", arguments: [0, 1, 2])
    func oneStep(schedule: Int) {
        let schedule = Self.schedules[schedule]
        let denoiser = GaussianDenoiser(schedule, mean: 0.3, deviation: 0.5, sampleShape: [3])
        let z = normals(4, "z")
        let generator = Generator(denoiser)
        #expect(generator.levels == [schedule.count - 1])
        let level = schedule.level(at: Tensor([Int](repeating: schedule.count - 1, count: 4)))
        let expected = denoiser(z * schedule.initialScale, at: level, given: nil)
        #expect(relativeDifference(generator(z), expected) < 1e-15)
        #expect(generator(z).dtype == .float64)
        #expect(denoiser.evaluations.count == 3)
    }

    @Test(
        "of several steps makes of a Gaussian what the closed form says, sample by sample",
        arguments: [0, 1, 2], [[999, 600], [999, 700, 400, 1], [900, 500], [0]])
    func closedForm(schedule: Int, levels: [Int]) {
        let (mean, variance) = (0.3, 0.25)
        let denoiser = GaussianDenoiser(
            Self.schedules[schedule], mean: mean, deviation: 0.5, sampleShape: [3])
        let all = denoiser.schedule.levels
        let (z, count) = (normals(5, "z"), levels.count)
        let fresh = (0..<count).map { normals(5, "fresh \($0)") }
        var asked: [Int] = []
        let found = Generator(denoiser, levels: levels)(z) { step in
            asked.append(step)
            return fresh[step]
        }
        #expect(asked == Array(1..<count))
        #expect(denoiser.evaluations.count == count)

        let first = all[levels[0]]
        let scale = levels[0] == 999 ? denoiser.schedule.initialScale : first.sigma
        var x = (z * scale - first.alpha * mean) * gain(first, variance: variance) + mean
        for (step, number) in levels.enumerated().dropFirst() {
            let level = all[number]
            let noised = x * level.alpha + fresh[step] * level.sigma
            x = (noised - level.alpha * mean) * gain(level, variance: variance) + mean
        }
        #expect(relativeDifference(found, x) < 1e-12)
    }

    @Test(
        "of several steps has the mean and the variance that follow",
        arguments: [[999, 600], [999, 700, 400, 100]])
    func moments(levels: [Int]) {
        let (mean, variance) = (0.3, 0.25)
        let denoiser = GaussianDenoiser(
            VariancePreservingSchedule.scaledLinear(), mean: mean, deviation: 0.5, sampleShape: [3])
        let all = denoiser.schedule.levels
        let count = 40_000
        let found = Generator(denoiser, levels: levels)(normals(count, "z")) { normals(count, "fresh \($0)") }

        // Of the first step's input, noise of unit variance and mean 0.
        var (expectedMean, expectedVariance) = (0.0, 1.0)
        for (step, number) in levels.enumerated() {
            let level = all[number]
            if step > 0 {
                expectedMean *= level.alpha
                expectedVariance =
                    level.alpha * level.alpha * expectedVariance + level.sigma * level.sigma
            }
            let gain = gain(level, variance: variance)
            expectedMean = mean + gain * (expectedMean - level.alpha * mean)
            expectedVariance *= gain * gain
        }
        let draws = Double(3 * count)
        let standardError = (expectedVariance / draws).squareRoot()
        #expect(abs(found.mean().item() - expectedMean) < 5 * standardError)
        let spread = (found - found.mean()).square().mean().item()
        #expect(abs(spread / expectedVariance - 1) < 5 * (2 / draws).squareRoot())
        // More steps come nearer to the data.
        #expect(expectedVariance > 0.01 && expectedVariance < variance)
    }

    @Test("hands its condition to every step, and lets gradient through")
    func condition() {
        let denoiser = StubDenoiser()
        let z = normals(2, "z").to(.float64)
        z.setRequiresGrad(true)
        let levels = [999, 500]
        let sigma = denoiser.schedule.levels[500].sigma
        let fresh = normals(2, "fresh")
        let y = Generator(denoiser, levels: levels)(
            z, given: .context(Tensor([10.0, 20], shape: [2, 1]))
        ) { _ in fresh }
        // x_1 = 0.5 * 80 * 80 z + c and x_2 = 0.5 sigma (x_1 + sigma eps) + c.
        let conditions = Tensor([10.0, 20], shape: [2, 1])
        let first = z.detached() * 3200 + conditions
        let expected = (first + fresh * sigma) * (0.5 * sigma) + conditions
        #expect(relativeDifference(y.detached(), expected) < 1e-12)
        let slope = gradients(of: y.sum(), with: [z])[0]
        #expect(relativeDifference(slope, .full([2, 3], value: 3200 * 0.5 * sigma, dtype: .float64)) < 1e-12)
    }

    @Test(
        "of levels that do not fall, or of none, stops the program",
        arguments: [[], [5, 5], [3, 4], [1000], [-1]] as [[Int]])
    func refused(levels: [Int]) async {
        await #expect(processExitsWith: .failure) { [levels] in
            _ = Generator(GaussianDenoiser(KarrasSchedule(), deviation: 0.5), levels: levels)
        }
    }
}
