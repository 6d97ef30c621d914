// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("A whole step, against PyTorch")
struct StepParityTests {
    @Test("images, losses and the gradients of generator and critic are the reference's")
    func parity() throws {
        let file = try SafetensorsFile(fixture("dmd-step.safetensors"))
        // All else is what goes in.
        let expected = try file.tensors(under: "", as: .float64).filter { name, _ in
            !["input.", "generator.", "critic.", "sigmas"].contains { name.hasPrefix($0) }
        }
        let found = try step(file)
        #expect(differences(found, from: expected, tolerance: 1e-11) == [])
    }

    /// To round the weights alone, once, is what any computation in bfloat16 does at least. That of the layers' inputs,
    /// outputs and gradients comes on top, each as large and in no common direction.
    @Test("in bfloat16 all is near the reference's, by the measure of weights that are rounded to bfloat16")
    func bfloat16() throws {
        let file = try SafetensorsFile(fixture("dmd-step.safetensors"))
        let expected = try file.tensors(under: "", as: .float64)
        let found = try step(file, computeType: .bfloat16)
        let rounded = try step(file, weights: .bfloat16)
        for prefix in ["x", "pairs.x", "dm_gradient", "gradient.generator.", "gradient.critic."] {
            let error = try self.error(of: found, from: expected, under: prefix)
            let least = try self.error(of: rounded, from: expected, under: prefix)
            #expect(least > 1e-4 && error < 3 * least, "\(prefix): \(error), \(least)")
            #expect(error < 0.06, "\(prefix): \(error)")
        }
    }

    /// The Euclidean distance of all tensors under a prefix from those expected, as a fraction of their norm.
    private func error(
        of found: [String: Tensor], from expected: [String: Tensor], under prefix: String
    ) throws -> Double {
        var (distance, norm) = (0.0, 0.0)
        for (name, tensor) in found where name == prefix || prefix.hasSuffix(".") && name.hasPrefix(prefix) {
            let expected = try #require(expected[name])
            distance += (tensor - expected).square().sum().item()
            norm += expected.square().sum().item()
        }
        return (distance / norm).squareRoot()
    }

    @Test("the schedule's levels are the reference's, rounded to float32")
    func levels() throws {
        let expected = try SafetensorsFile(fixture("dmd-step.safetensors")).tensor("sigmas")
        let schedule = KarrasSchedule()
        #expect(expected.shape == [schedule.count])
        let found = schedule.level(at: .arange(schedule.count)).sigma.flattened().to(.float64)
        #expect((found / expected - 1).abs().max().item() < 6e-8)
    }

    /// One iteration of Algorithm 1 with the fixture's weights and random numbers, up to the gradients.
    private func step(
        _ file: SafetensorsFile, computeType: ComputeType = .float32, weights: DType = .float64
    ) throws -> [String: Tensor] {
        func prepare(_ network: EDMDenoiser) {
            network.convert(to: weights)
            network.convert(to: .float64)
            network.setComputeType(computeType)
        }
        func denoiser(_ role: String) throws -> EDMDenoiser {
            let network = try fixtureDenoiser(as: .float64, file: "dmd-step.safetensors", prefix: "\(role).")
            prepare(network)
            network.setRequiresGrad(true)
            return network
        }
        func input(_ name: String) throws -> Tensor { try file.tensor("input.\(name)") }
        func level(_ role: String) throws -> NoiseLevel {
            NoiseLevel(sigma: try file.tensor("sigmas").indexed(by: input("\(role).timesteps")))
        }
        let teacher = try fixtureDenoiser(as: .float64)
        prepare(teacher)
        let (generator, critic) = (try denoiser("generator"), try denoiser("critic"))
        let condition = Condition.classes(try input("labels"))
        var found: [String: Tensor] = [:]

        let x = Generator(generator)(try input("z"), given: condition)
        let gradient = try withoutGradients {
            let level = try level("generator")
            let noised = level.noising(x, noise: try input("generator.noise"))
            return distributionMatchingGradient(
                x: x, teacherX0: teacher(noised, at: level, given: condition),
                criticX0: critic(noised, at: level, given: condition), level: level)
        }
        let matching = distributionMatchingLoss(x: x, gradient: gradient).mean()
        let paired = Generator(generator)(
            try input("pairs.z"), given: .classes(try input("pairs.labels")))
        let term = Regression(weight: 0.25) { ($0 - $1).square().mean(dims: [1, 2, 3]) }
        let pairs = GeneratorOutput.Pairs(generated: paired, target: try input("pairs.image"))
        let regression = term(GeneratorOutput(samples: x, condition: condition, pairs: pairs)).loss.mean()
        let generatorLoss = matching + regression * term.weight
        generatorLoss.backward()

        let criticLevel = try level("critic")
        let noised = criticLevel.noising(x.detached(), noise: try input("critic.noise"))
        let criticLoss = denoisingLoss(
            prediction: critic(noised, at: criticLevel, given: condition), x: x,
            weight: teacher.lossWeight(at: criticLevel)
        ).mean()
        criticLoss.backward()

        for (name, tensor) in [
            ("x", x), ("pairs.x", paired), ("dm_gradient", gradient), ("loss.dm", matching),
            ("loss.regression", regression), ("loss.generator", generatorLoss), ("loss.critic", criticLoss),
        ] {
            found[name] = tensor.detached()
        }
        for (role, network) in [("generator", generator), ("critic", critic)] {
            for (path, parameter) in network.parameters {
                found["gradient.\(role).\(path)"] = parameter.gradient
            }
        }
        return found
    }
}
