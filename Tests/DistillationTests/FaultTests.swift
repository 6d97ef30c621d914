// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Foundation
import OrderedCollections
import Testing
import Torch
import Training

@Suite("A step of distillation that is not finite")
struct FaultTests {
    private let toy = Toy(Mixture(centers: [[-0.6, 0], [0.6, 0.2]], shares: [0.5, 0.5], width: 0.1))

    private func bits(_ state: [String: OrderedDictionary<String, Tensor>]) -> [String: [String: [Double]]] {
        state.mapValues { tensors in
            Dictionary(uniqueKeysWithValues: tensors.map { ($0.key, $0.value.array(as: Double.self)) })
        }
    }

    @Test("in the generator's loss changes no network, and says where it happened")
    func generator() throws {
        let recipe = Toy.recipe { $0.critic.steps = 2 }
        let isSpoilt = Setting(false)
        let distiller = try Distiller(
            recipe, teacher: toy.teacher, pairs: toy.pairs,
            distance: { a, b in Toy.distance(a, b) * (isSpoilt.value ? .nan : 1) })
        _ = try distiller.step(0)
        let before = bits(distiller.state)
        isSpoilt.value = true
        let report = try distiller.step(1)
        #expect(bits(distiller.state) == before)
        let fault = try #require(report.fault)
        #expect(fault.step == 2 && fault.network == "generator" && fault.seed == recipe.seed)
        #expect(
            fault.values["loss/regression"]?.isNaN == true
                && fault.values["loss/distribution_matching"]?.isFinite == true)
        #expect(
            fault.streams == [
                "distill.generator.z", "distill.generator.condition", "distill.generator.level",
                "distill.generator.noise", "distill.pair",
            ])
        #expect(fault.noiseLevels.count == recipe.batch && fault.noiseLevels.allSatisfy { $0 > 0 })
        #expect(Set(fault.noiseLevels).count > 2)

        isSpoilt.value = false
        #expect(try distiller.step(2).fault == nil && bits(distiller.state) != before)
    }

    @Test("that the critic spoils does not reach the generator and its average")
    func critic() throws {
        let distiller = try toy.distiller(Toy.recipe())
        _ = try distiller.step(0)
        for weight in distiller.critic.network.parameters.values {
            withoutGradients { weight.copy(from: weight * .nan) }
        }
        let report = try distiller.step(1)
        let fault = try #require(report.fault)
        #expect(fault.network == "generator" && fault.values["loss/distribution_matching"]?.isNaN == true)
        let average = try #require(distiller.generator.averages?.each.first).state.values
        #expect(average.allSatisfy { $0.isFinite().to(.uint8).min().item() == 1 })
        #expect(
            distiller.generator.network.parameters.values.allSatisfy {
                $0.isFinite().to(.uint8).min().item() == 1
            })
    }

    @Test("halves what the learning rate is")
    func factor() throws {
        let (a, b) = (
            try toy.distiller(Toy.recipe { $0.learningRate = 5e-4 }), try toy.distiller(Toy.recipe())
        )
        b.learningRateFactor = 0.5
        for step in 0..<3 { _ = (try a.step(step), try b.step(step)) }
        #expect(bits(a.state) == bits(b.state))
    }

    @Test("in the critic's loss leaves the critic as it was, after the generator's update")
    func denoising() throws {
        let factor = Setting(1.0)
        let teacher = ObservedDenoiser(ToyDenoiser(toy.teacher.mixture), lossFactor: factor)
        let recipe = Toy.recipe {
            $0.regression.weight = 0
            $0.critic.steps = 3
        }
        let distiller = try Distiller(recipe, teacher: teacher)
        _ = try distiller.step(0)
        let before = bits(distiller.state)
        factor.value = .nan
        let report = try distiller.step(1)
        let fault = try #require(report.fault)
        #expect(fault.step == 2 && fault.network == "critic" && fault.seed == recipe.seed)
        #expect(fault.values["loss/denoising"]?.isNaN == true)
        #expect(
            fault.streams == [
                "distill.critic.0.z", "distill.critic.0.condition", "distill.critic.0.level",
                "distill.critic.0.noise",
            ])
        // The levels that the streams name.
        let levels = teacher.schedule.level(at: Toy.levels("distill.critic.0.level", 0..<1000, step: 1))
        #expect(fault.noiseLevels == levels.sigma.array(as: Double.self))
        let after = bits(distiller.state)
        for file in ["critic", "critic-optimizer"] { #expect(after[file] == before[file]) }
        for file in ["generator", "generator-optimizer", "generator-average"] {
            #expect(after[file] != before[file])
        }
    }

    @Test("is not made of what libtorch refuses, which a step throws")
    func outOfMemory() throws {
        let isGreedy = Setting(true)
        let distiller = try Distiller(
            Toy.recipe(), teacher: toy.teacher, pairs: toy.pairs,
            distance: { a, b in
                isGreedy.value ? Tensor.zeros([1 << 50]).sum() + Toy.distance(a, b) : Toy.distance(a, b)
            })
        let error = #expect(throws: TorchError.self) { try distiller.step(0) }
        guard case .outOfMemory = error else {
            Issue.record("found \(String(describing: error))")
            return
        }
        let other = try toy.distiller(Toy.recipe())
        #expect(try other.step(0).fault == nil)
    }
}
