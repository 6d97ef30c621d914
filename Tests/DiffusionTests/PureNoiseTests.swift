// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import TestSupport
import Testing
import Torch

/// Where the highest level is pure noise, alpha is 0 and the noise-to-signal ratio infinite.
@Suite("Samplers that begin at pure noise")
struct PureNoiseTests {
    private static let deviation = 0.5

    private let z: Tensor = {
        var stream = RandomStream(seed: 3, purpose: "sampler test")
        return stream.normal([4, 3], dtype: .float64)
    }()

    private func sampled(_ name: String, steps: Int, onState: StateObserver = { _, _ in }) -> Tensor {
        let denoiser = GaussianDenoiser(
            RectifiedFlowSchedule(), deviation: Self.deviation, sampleShape: [3])
        return switch name {
        case "heun": heun(denoiser, noise: z, steps: steps, onState: onState)
        case "euler": euler(denoiser, noise: z, steps: steps, onState: onState)
        case "ddim":
            ddim(
                denoiser, noise: z, steps: steps, spacing: .trailing, endsClean: true, onState: onState)
        case "discreteEuler":
            discreteEuler(denoiser, noise: z, steps: steps, spacing: .trailing, onState: onState)
        default: dpmSolver(denoiser, noise: z, steps: steps, spacing: .trailing, onState: onState)
        }
    }

    /// `x_t = sqrt(alpha^2 v + sigma^2) z` all along the path, and `x_0 = sqrt(v) z` at its end.
    @Test(
        "converge to a Gaussian's exact sample",
        arguments: [
            ("heun", 2.8), ("euler", 1.7), ("ddim", 1.7), ("discreteEuler", 1.7), ("dpmSolver", 1.7),
        ])
    func convergence(name: String, least: Double) {
        let exact = z * Self.deviation
        let errors = [25, 50, 100].map { steps -> Double in
            var isFinite = true
            let found = sampled(name, steps: steps) { _, x in
                isFinite = isFinite && x.isFinite().to(.uint8).min().item() == 1
            }
            #expect(isFinite)
            return relativeDifference(found, exact)
        }
        #expect(errors[2] > 1e-9, "rounding must not hide the order")
        for (coarse, fine) in zip(errors, errors.dropFirst()) { #expect(coarse / fine > least, "\(errors)") }
        #expect(errors[2] < (name == "heun" ? 1e-3 : 0.03), "\(errors)")
    }

    @Test("hear of pure noise first", arguments: ["heun", "euler", "ddim", "dpmSolver"])
    func firstState(name: String) throws {
        var states: [(level: SamplerLevel, x: Tensor)] = []
        _ = sampled(name, steps: 4) { states.append(($0, $1)) }
        let first = try #require(states.first)
        #expect(first.level.alpha == 0 && first.level.noiseToSignal == .infinity)
        #expect(first.x.array(as: Double.self) == z.array(as: Double.self))
        #expect(states.count == 5 && states[4].level == .clean)
    }

    @Test("of one step give the mean of all samples", arguments: ["heun", "euler", "ddim", "dpmSolver"])
    func oneStep(name: String) {
        #expect(sampled(name, steps: 1).abs().max().item() == 0)
    }

    /// Each step goes back up a little first, but not from pure noise, above which there is nothing.
    @Test("may add noise on the way")
    func stochastic() {
        let denoiser = GaussianDenoiser(
            RectifiedFlowSchedule(), deviation: Self.deviation, sampleShape: [3])
        var stream = RandomStream(seed: 5, purpose: "fresh")
        let count = 4_000
        let z = stream.normal([count, 3], dtype: .float64)
        let found = stochasticHeun(
            denoiser, noise: z, steps: 40, churn: Churn(amount: 10),
            fresh: { _ in stream.normal([count, 3], dtype: .float64) })
        let spread = found.square().mean().item().squareRoot()
        #expect(abs(spread / Self.deviation - 1) < 0.03, "\(spread)")
    }
}
