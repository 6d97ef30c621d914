// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

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
        let recipe = Toy.recipe { $0.criticSteps = 2 }
        var isSpoilt = false
        let distiller = try Distiller(
            recipe, teacher: toy.teacher,
            makeNetwork: { [toy] in ToyDenoiser(toy.teacher.mixture, classCount: toy.teacher.classCount) },
            pairs: toy.pairs, distance: { a, b in Toy.distance(a, b) * (isSpoilt ? .nan : 1) })
        _ = distiller.step(0)
        let before = bits(distiller.state)
        isSpoilt = true
        let report = distiller.step(1)
        #expect(bits(distiller.state) == before)
        let fault = try #require(report.fault)
        #expect(fault.step == 2 && fault.network == "generator" && fault.seed == recipe.seed)
        #expect(fault.values["loss/regression"]?.isNaN == true && fault.values["loss/dm"]?.isFinite == true)
        #expect(
            fault.streams == ["distill.z", "distill.label", "distill.t", "distill.noise", "distill.pair"])
        #expect(fault.noiseLevels.count == recipe.batch && fault.noiseLevels.allSatisfy { $0 > 0 })
        #expect(Set(fault.noiseLevels).count > 2)

        isSpoilt = false
        #expect(distiller.step(2).fault == nil && bits(distiller.state) != before)
    }

    @Test("that the critic spoils does not reach the generator and its average")
    func critic() throws {
        let distiller = try toy.distiller(Toy.recipe())
        _ = distiller.step(0)
        for weight in distiller.critic.parameters.values {
            withoutGradients { weight.copy(from: weight * .nan) }
        }
        let report = distiller.step(1)
        let fault = try #require(report.fault)
        #expect(fault.network == "generator" && fault.values["loss/dm"]?.isNaN == true)
        let average = try #require(distiller.averages.members.first).state.values
        #expect(average.allSatisfy { $0.isFinite().to(.uint8).min().item() == 1 })
        #expect(
            distiller.generator.parameters.values.allSatisfy { $0.isFinite().to(.uint8).min().item() == 1 })
    }

    @Test("halves what the learning rate is")
    func factor() throws {
        let (a, b) = (
            try toy.distiller(Toy.recipe { $0.learningRate = 5e-4 }), try toy.distiller(Toy.recipe())
        )
        b.learningRateFactor = 0.5
        for step in 0..<3 { _ = (a.step(step), b.step(step)) }
        #expect(bits(a.state) == bits(b.state))
    }
}
