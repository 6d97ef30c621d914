// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import TestSupport
import Testing
import Torch
import Weights

@Suite("Heun's sampler")
struct HeunSamplerTests {
    private static let schedules: [any NoiseSchedule] = [
        KarrasSchedule(), VariancePreservingSchedule.scaledLinear(),
    ]

    private let z: Tensor = {
        var stream = RandomStream(seed: 3, purpose: "sampler test")
        return stream.normal([3, 1, 2, 2], dtype: .float64)
    }()

    /// The largest error of a sampler's states, relative to the exact path of a Gaussian,
    /// `y(s) = y_0 sqrt((s^2 + v) / (s_max^2 + v))`, down to the least ratio of the schedule.
    private func pathError(_ schedule: any NoiseSchedule, steps: Int, noise: Tensor) -> Double {
        var start: (ratio: Double, state: Tensor)?
        var worst = 0.0
        let denoiser = GaussianDenoiser(
            schedule, deviation: 0.5, sampleShape: Array(noise.shape.dropFirst()))
        _ = heun(denoiser, noise: noise, steps: steps) { level, x in
            let (ratio, state) = (level.noiseToSignal, x / level.alpha)
            let first = start ?? (ratio, state)
            start = first
            let exact =
                first.state * ((ratio * ratio + 0.25) / (first.ratio * first.ratio + 0.25)).squareRoot()
            if ratio > 0 { worst = max(worst, relativeDifference(state, exact)) }
        }
        return worst
    }

    @Test(
        "it converges to a Gaussian's exact path with order two, whatever the rank of its samples",
        arguments: [0, 1], [[3, 1, 2, 2], [4, 3], [12]])
    func order(schedule: Int, shape: [Int]) {
        let z = z.reshaped(shape)
        let errors = [40, 80, 160].map { pathError(Self.schedules[schedule], steps: $0, noise: z) }
        #expect(errors[2] > 1e-9, "rounding must not hide the order")
        for (coarse, fine) in zip(errors, errors.dropFirst()) { #expect((3.5...4.5).contains(coarse / fine)) }
    }

    @Test("samples of a Gaussian have its standard deviation", arguments: [0, 1])
    func endPoint(schedule: Int) {
        let schedule = Self.schedules[schedule]
        let samples = heun(GaussianDenoiser(schedule, deviation: 0.5), noise: z, steps: 200)
        // y starts at initialScale z / alpha, where alpha^2 = 1 / (1 + s^2) if the variance is preserved.
        let largest = schedule.noiseToSignalRange.upperBound
        let scale =
            schedule.initialScale == 1 ? (1 + largest * largest).squareRoot() : schedule.initialScale
        let exact = z * (scale * 0.5 / (largest * largest + 0.25).squareRoot())
        #expect(relativeDifference(samples, exact) < 5e-3)
    }

    @Test("it evaluates the network 2 N - 1 times, in the type of the noise", arguments: [1, 2, 18])
    func evaluations(steps: Int) {
        let denoiser = GaussianDenoiser(KarrasSchedule(), deviation: 0.5)
        let samples = heun(denoiser, noise: z.to(.float32), steps: steps)
        #expect(denoiser.evaluations == [DType](repeating: .float32, count: 2 * steps - 1))
        #expect(samples.dtype == .float32 && samples.shape == z.shape)
    }

    @Test("every state is heard")
    func states() {
        var levels: [SamplerLevel] = []
        let denoiser = GaussianDenoiser(KarrasSchedule(), deviation: 0.5)
        _ = heun(denoiser, noise: z, steps: 4) { level, state in
            levels.append(level)
            #expect(state.dtype == .float64)
        }
        #expect(levels == KarrasSchedule().samplingLevels(count: 4))
    }

    @Test("the states are those of the reference", arguments: [(DType.float64, 1e-7), (.float32, 1e-5)])
    func parity(dtype: DType, tolerance: Double) throws {
        let file = try SafetensorsFile(fixture("heun.safetensors"))
        let denoiser = try fixtureDenoiser(as: dtype)
        let expected = try file.tensor("\(dtype).states")
        var states: [Tensor] = []
        _ = heun(
            denoiser, noise: try file.tensor("z").to(dtype),
            given: .classes(try file.tensor("labels").to(dtype)), steps: 5
        ) { states.append($1 / $0.alpha) }
        #expect(states.count == expected.shape[0])
        for (index, state) in states.enumerated() {
            #expect(relativeDifference(state, expected.selected(dim: 0, index: index)) < tolerance)
        }
    }
}
