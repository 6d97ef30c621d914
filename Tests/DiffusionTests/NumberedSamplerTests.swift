// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Models
import TestSupport
import Testing
import Torch
import Weights

@Suite("Samplers at numbered levels, against diffusers")
struct NumberedSamplerTests {
    private static let cases = [
        "pndm-leading", "pndm-trailing", "ddim-leading", "ddim-trailing", "ddim-linspace", "dpm-leading",
        "dpm-linspace", "dpm-trailing", "euler-leading", "euler-linspace", "euler-trailing",
    ]

    /// diffusers' PNDM combines what the network predicts, which agrees with ours where that is the noise.
    @Test("timesteps and all states are diffusers'", arguments: cases, PredictionType.allCases)
    func trajectory(name: String, prediction: PredictionType) throws {
        let file = try SafetensorsFile(fixture("stable-diffusion-samplers.safetensors"))
        let z = try file.tensor("z")
        let spacing: StepSpacing =
            name.hasSuffix("leading")
            ? .leading(offset: 1) : name.hasSuffix("trailing") ? .trailing : .linspace
        let endsClean = name.hasSuffix("trailing") || name.hasSuffix("linspace")
        for steps in [1, 2, 7, 50] {
            let expected = "\(name).\(steps).\(prediction.rawValue)"
            guard file.names.contains("\(expected).states") else { continue }
            let denoiser = RecordingDenoiser(prediction: prediction)
            var states: [(ratio: Double, y: Tensor)] = []
            func observe(_ ratio: Double, _ y: Tensor) { states.append((ratio, y)) }
            let last =
                switch name.prefix(while: { $0 != "-" }) {
                case "pndm":
                    pndm(
                        denoiser, noise: z, steps: steps, spacing: spacing, endsClean: endsClean,
                        onState: observe)
                case "ddim":
                    ddim(
                        denoiser, noise: z, steps: steps, spacing: spacing, endsClean: endsClean,
                        onState: observe)
                case "dpm": dpmSolver(denoiser, noise: z, steps: steps, spacing: spacing, onState: observe)
                default: discreteEuler(denoiser, noise: z, steps: steps, spacing: spacing, onState: observe)
                }
            let times = try file.tensor("\(expected).timesteps").array(as: Double.self)
            #expect(
                zip(denoiser.times, times).allSatisfy { abs($0 - $1) < 1e-4 }, "\(denoiser.times) \(times)")
            #expect(denoiser.times.count == times.count)
            // A state is x / alpha, as it is Euler's in diffusers; the others' there are x.
            let found = states.map { state in
                name.hasPrefix("euler") ? state.y : state.y / (1 + state.ratio * state.ratio).squareRoot()
            }
            let difference = relativeDifference(
                .concatenated(found), try file.tensor("\(expected).states"))
            #expect(difference < 1e-5, "\(expected) differs by \(difference)")
            #expect(relativeDifference(last, try #require(found.last)) < 1e-6)
        }
    }

    @Test("one step from a mixture's noise is its mean", arguments: [0.0, 0.4])
    func closedForm(mean: Double) {
        // A single normal of deviation 0: the clean sample is known whatever the noise.
        let denoiser = ConstantDenoiser(value: mean)
        let z = Tensor([0.3, -1.2, 0.7, 2.0], shape: [1, 1, 2, 2])
        let target = Tensor.full([1, 1, 2, 2], value: mean, dtype: .float64)
        for steps in [1, 5, 20] {
            for sample in [
                ddim(denoiser, noise: z, steps: steps, endsClean: true),
                dpmSolver(denoiser, noise: z, steps: steps), discreteEuler(denoiser, noise: z, steps: steps),
                pndm(denoiser, noise: z, steps: steps, endsClean: true),
            ] {
                #expect((sample - target).abs().max().item() < 1e-9)
            }
        }
    }
}

/// The fixture's network, which keeps the times that it was asked for.
private final class RecordingDenoiser: Denoiser {
    let schedule: any NoiseSchedule = VariancePreservingSchedule.scaledLinear()
    let sampleShape = [1, 4, 4]
    let classCount = 0
    let members: [Member] = []
    let prediction: PredictionType
    private(set) var times: [Double] = []

    init(prediction: PredictionType) { self.prediction = prediction }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, condition: Tensor?) -> Tensor {
        let time = level.time.item()
        times.append(time)
        let output =
            prediction == .epsilon
            ? (3 * x).sin() * 0.5 + 0.4 * x + 0.1 * cos(time / 100) : x.tanh() - time / 2000
        return prediction.clean(from: output, x, at: level)
    }
}

private final class ConstantDenoiser: Denoiser {
    let schedule: any NoiseSchedule = VariancePreservingSchedule.scaledLinear()
    let sampleShape = [1, 2, 2]
    let classCount = 0
    let members: [Member] = []
    private let value: Double

    init(value: Double) { self.value = value }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, condition: Tensor?) -> Tensor {
        .zerosLike(x) + value
    }
}
