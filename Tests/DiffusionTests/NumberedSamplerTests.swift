// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Models
import Synchronization
import TestSupport
import Testing
import Torch
import Weights

@Suite("Samplers at numbered levels, against diffusers")
struct NumberedSamplerTests {
    /// A sampler with a spacing, an end and a prediction, such as `pndm-leading1-clean` of velocities.
    struct Case: Sendable, CustomTestStringConvertible {
        let sampler: String
        let spacing: String
        let end: String?
        let prediction: PredictionType

        var name: String { [sampler, spacing, end].compactMap(\.self).joined(separator: "-") }
        var testDescription: String { "\(name), \(prediction)" }

        /// diffusers' PNDM does not do a single step, nor does Euler with evenly spaced ones; long runs are one for each sampler.
        var stepCounts: [Int] {
            let isSingle = sampler != "pndm" && (sampler, spacing) != ("euler", "linspace")
            return (isSingle ? [1] : []) + [2, 5, 13] + (spacing == "leading1" && end != "clean" ? [50] : [])
        }

        static let all = ["pndm", "ddim", "dpm", "euler"].flatMap { sampler in
            ["leading", "leading1", "trailing", "linspace"].flatMap { spacing in
                (sampler == "pndm" || sampler == "ddim" ? ["kept", "clean"] : [nil]).flatMap { end in
                    PredictionType.allCases.map { prediction in
                        Case(sampler: sampler, spacing: spacing, end: end, prediction: prediction)
                    }
                }
            }
        }
    }

    @Test("timesteps and all states are diffusers'", arguments: Case.all)
    func trajectory(of sample: Case) throws {
        let file = try SafetensorsFile(fixture("stable-diffusion-samplers.safetensors"))
        let z = try file.tensor("z")
        let (name, prediction) = (sample.name, sample.prediction)
        let spacings: [String: StepSpacing] = [
            "leading": .leading(offset: 0), "leading1": .leading(offset: 1), "trailing": .trailing,
            "linspace": .linspace,
        ]
        let spacing = try #require(spacings[sample.spacing])
        let endsClean = sample.end == "clean"
        for steps in sample.stepCounts {
            let expected = "\(name).\(steps).\(prediction.rawValue)"
            let denoiser = RecordingDenoiser(prediction: prediction)
            var states: [(level: SamplerLevel, x: Tensor)] = []
            func observe(_ level: SamplerLevel, _ x: Tensor) { states.append((level, x)) }
            let last =
                switch sample.sampler {
                case "pndm":
                    pndm(
                        denoiser, noise: z, steps: steps, spacing: spacing,
                        combining: prediction == .velocity ? .velocity : .noise, endsClean: endsClean,
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
            // Euler's states in diffusers are x / alpha; the others' are x.
            let found = states.map { level, x in name.hasPrefix("euler") ? x / level.alpha : x }
            let difference = relativeDifference(
                .concatenated(found), try file.tensor("\(expected).states"))
            #expect(difference < 1e-5, "\(expected) differs by \(difference)")
            #expect(relativeDifference(last, try #require(found.last)) < 1e-6)
        }
    }

    @Test("the fixture holds nothing that is not compared")
    func coverage() throws {
        let file = try SafetensorsFile(fixture("stable-diffusion-samplers.safetensors"))
        let found = file.names.filter { $0.hasSuffix(".states") }.map { String($0.dropLast(7)) }
        let compared = Case.all.flatMap { sample in
            sample.stepCounts.map { "\(sample.name).\($0).\(sample.prediction.rawValue)" }
        }
        #expect(Set(found) == Set(compared) && found.count == compared.count)
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
    let children: [Child] = []
    let prediction: PredictionType
    private let asked = Mutex<[Double]>([])

    var times: [Double] { asked.withLock { $0 } }

    init(prediction: PredictionType) { self.prediction = prediction }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        let time = level.time.item()
        asked.withLock { $0.append(time) }
        let output =
            prediction == .epsilon
            ? (3 * x).sin() * 0.5 + 0.4 * x + 0.1 * cos(time / 100) : x.tanh() - time / 2000
        return prediction.clean(from: output, x, at: level.matching(x))
    }

    func replica(sharing: WeightSharing) -> RecordingDenoiser { RecordingDenoiser(prediction: prediction) }
}

private final class ConstantDenoiser: Denoiser {
    let schedule: any NoiseSchedule = VariancePreservingSchedule.scaledLinear()
    let sampleShape = [1, 2, 2]
    let children: [Child] = []
    private let value: Double

    init(value: Double) { self.value = value }

    func callAsFunction(_ x: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        .zerosLike(x) + value
    }

    func replica(sharing: WeightSharing) -> ConstantDenoiser { ConstantDenoiser(value: value) }
}
