// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch

@Suite("Classifier-free guidance")
struct GuidedTests {
    private let x = Tensor([1.0, 2, 3, 4, 5, 6], shape: [2, 3])
    private let level = NoiseLevel(sigma: Tensor([2.0, 10]))
    private let condition = Condition.context(Tensor([10.0, 20], shape: [2, 1]))
    private let unconditional = Condition.context(Tensor([4.0], shape: [1, 1]))
    /// `weight sigma x` with a weight of 0.5.
    private let own = [1.0, 2, 3, 20, 25, 30]

    private func guided(_ base: StubDenoiser, _ guidance: Double) -> Guided<StubDenoiser> {
        Guided(base, guidance: guidance, unconditional: unconditional)
    }

    @Test("leads from the unconditional prediction, in one evaluation", arguments: [1.5, 3, 7.5])
    func closedForm(guidance: Double) {
        let base = StubDenoiser()
        let found = guided(base, guidance)(x, at: level, given: condition)
        let expected = own.enumerated().map { index, value in
            let conditional = value + (index < 3 ? 10 : 20)
            return (value + 4) + guidance * (conditional - (value + 4))
        }
        #expect(relativeDifference(found, Tensor(expected, shape: [2, 3])) < 1e-14)
        #expect(base.batches == [4])
    }

    @Test("of 1 asks for the condition alone, and without one for the unconditional prediction alone")
    func alone() {
        let base = StubDenoiser()
        let one = guided(base, 1)(x, at: level, given: condition)
        #expect(one.array(as: Double.self) == own.enumerated().map { $1 + ($0 < 3 ? 10 : 20) })
        #expect(base.batches == [2])
        for guidance in [1.0, 5] {
            let none = guided(base, guidance)(x, at: level, given: nil)
            #expect(none.array(as: Double.self) == own.map { $0 + 4 })
        }
        #expect(base.batches == [2, 2, 2])
    }

    @Test("shows the features under the condition", arguments: [1.0, 3])
    func features(guidance: Double) {
        let base = StubDenoiser()
        let denoiser = guided(base, guidance)
        let found = denoiser.predictAndFeatures(x, at: level, given: condition)
        #expect(base.batches == [guidance == 1 ? 2 : 4])
        #expect(
            found.x0.array(as: Double.self)
                == denoiser(x, at: level, given: condition).array(as: Double.self))
        #expect(found.features.count == 2)
        #expect(found.features[0].array(as: Double.self) == [11, 12, 13, 24, 25, 26])
        #expect(found.features[1].array(as: Double.self) == [-9, -8, -7, -16, -15, -14])
        let none = denoiser.predictAndFeatures(x, at: level, given: nil)
        #expect(none.features[0].array(as: Double.self) == [5, 6, 7, 8, 9, 10])
    }

    @Test("computes in the type that it is told to")
    func computeType() {
        var network = UNetConfiguration()
        (network.imgResolution, network.imgChannels, network.labelDim) = (8, 1, 2)
        (network.modelChannels, network.channelMult, network.attnResolutions) = (4, [1, 2], [])
        let base = network.makeDenoiser(seed: 1)
        let denoiser = Guided(base, guidance: 3, unconditional: .classes(.zeros([1, 2])))
        #expect(denoiser.setComputeType(.bfloat16) && base.computeType.value == .bfloat16)
        #expect(denoiser.setComputeType(.float32) && base.computeType.value == .float32)
    }

    @Test("is no part of what is trained in its place, and keeps the network's names")
    func replica() {
        let base = StubDenoiser()
        let denoiser = guided(base, 3)
        let replica = denoiser.replica(sharing: .nothing)
        #expect(type(of: replica) == StubDenoiser.self)
        let found = replica(x, at: level, given: condition)
        #expect(found.array(as: Double.self) == base(x, at: level, given: condition).array(as: Double.self))
        #expect(denoiser.state.keys == base.state.keys)
        #expect(denoiser.state["weight"]?.isSame(as: base.weight) == true)
        #expect(denoiser.conditioning == .named(["context"]) && denoiser.sampleShape == [3])
        #expect(denoiser.schedule.count == base.schedule.count)
        #expect(denoiser.lossWeight(at: level).array(as: Double.self) == [14, 70])
    }

    @Test("goes through samplers as the network itself does")
    func sampling() {
        let gaussian = GaussianDenoiser(KarrasSchedule(), deviation: 0.5, sampleShape: [3])
        let z = Tensor([0.3, -0.4, 1.2, 0.1, 0, -2], shape: [2, 3])
        let plain = heun(gaussian, noise: z, steps: 5)
        let guided = heun(
            Guided(gaussian, guidance: 4, unconditional: unconditional), noise: z, given: condition, steps: 5)
        // Both predictions are the same, so that guidance changes nothing.
        #expect(relativeDifference(guided, plain) < 1e-12)
    }
}

@Suite("A replica")
struct ReplicaTests {
    @Test("that shares nothing has equal weights of its own")
    func nothing() {
        let denoiser = StubDenoiser(0.5)
        denoiser.scale.fill(9)
        let replica = denoiser.replica(sharing: .nothing)
        #expect(replica.state.mapValues { $0.array(as: Double.self) } == ["weight": [0.5], "scale": [9]])
        replica.weight.fill(2)
        denoiser.scale.fill(1)
        #expect(denoiser.weight.item() == 0.5 && replica.scale.item() == 9)
        #expect(!replica.weight.isSame(as: denoiser.weight))
    }

    @Test("that shares everything has the same memory")
    func everything() {
        let denoiser = StubDenoiser(0.5)
        let replica = denoiser.replica(sharing: .everything)
        #expect(replica.weight.item() == 0.5)
        replica.weight.fill(2)
        denoiser.scale.fill(1)
        #expect(denoiser.weight.item() == 2 && replica.scale.item() == 1)
    }

    @Test("takes over the type of the weights, and wants no gradient because the original does")
    func types() {
        let denoiser = StubDenoiser(0.5)
        denoiser.convert(to: .float32)
        denoiser.setRequiresGrad(true)
        for sharing in [WeightSharing.nothing, .everything] {
            let replica = denoiser.replica(sharing: sharing)
            #expect(replica.weight.dtype == .float32 && !replica.weight.requiresGrad)
        }
    }
}
