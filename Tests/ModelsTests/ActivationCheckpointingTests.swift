// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch

@Suite("Gradient checkpointing")
struct ActivationCheckpointingTests {
    @Test("gives a network's gradients bit for bit", arguments: ComputeType.allCases)
    func gradients(computeType: ComputeType) throws {
        let network = try fixtureDenoiser(as: .float32)
        network.setRequiresGrad(true)
        network.setComputeType(computeType)
        var stream = RandomStream(seed: 0, purpose: "test")
        let x = stream.normal([3, 1, 12, 12])
        x.setRequiresGrad(true)
        let level = NoiseLevel(sigma: Tensor([Float(0.02), 0.5, 60]))
        let condition = Condition.classes(Tensor([0, 3, 1]).oneHot(classCount: 4).to(.float32))
        func evaluate(recomputing: Bool) -> [Tensor] {
            #expect(network.setActivationCheckpointing(recomputing))
            let y = network(x, at: level, given: condition)
            let sources = [x] + network.parameters.values
            return [y.detached()] + Torch.gradients(of: y.square().sum(), with: sources)
        }
        let (plain, recomputed) = (evaluate(recomputing: false), evaluate(recomputing: true))
        #expect(plain.count == network.parameters.count + 2)
        for (a, b) in zip(plain, recomputed) {
            #expect(a.array(as: Float.self) == b.array(as: Float.self))
        }
        #expect(plain.allSatisfy { $0.dtype == .float32 })
        #expect(plain[0].abs().max().item() > 0 && plain[1].abs().max().item() > 0)
    }
}
