// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch

@Suite("Features of EDM's networks")
struct FeatureTests {
    /// A tiny network of three resolutions, with weights that all play a part.
    private func denoiser(_ arch: UNetArchitecture) -> EDMDenoiser {
        var network = UNetConfiguration()
        network.arch = arch
        network.imgResolution = 12
        network.imgChannels = 1
        network.labelDim = 3
        network.modelChannels = 4
        network.channelMult = [1, 2, 3]
        network.numBlocks = 2
        network.attnResolutions = [6]
        network.channelsPerHead = 4
        let denoiser = network.makeDenoiser(seed: 1)
        var stream = RandomStream(seed: 2, purpose: "features")
        for tensor in denoiser.parameters.values where tensor.rank > 1 {
            let fanIn = Double(tensor.count / tensor.shape[0])
            tensor.copy(from: stream.normal(tensor.shape) / fanIn.squareRoot())
        }
        return denoiser
    }

    private func inputs() -> (x: Tensor, level: NoiseLevel, condition: Condition) {
        var stream = RandomStream(seed: 3, purpose: "features")
        return (
            stream.normal([2, 1, 12, 12]), NoiseLevel(sigma: Tensor([Float(0.5), 20])),
            .classes(Tensor([2, 0]).oneHot(classCount: 3).to(.float32))
        )
    }

    @Test("are one a resolution, beside the same prediction", arguments: UNetArchitecture.allCases)
    func shapes(arch: UNetArchitecture) {
        let denoiser = denoiser(arch)
        let (x, level, condition) = inputs()
        let found = withoutGradients { denoiser.predictAndFeatures(x, at: level, given: condition) }
        #expect(found.features.map(\.shape) == [[2, 4, 12, 12], [2, 8, 6, 6], [2, 12, 3, 3]])
        let plain = withoutGradients { denoiser(x, at: level, given: condition) }
        #expect(found.x0.array(as: Float.self) == plain.array(as: Float.self))
        #expect(found.x0.shape == x.shape)

        denoiser.setComputeType(.bfloat16)
        let narrow = withoutGradients { denoiser.predictAndFeatures(x, at: level, given: condition) }
        for (a, b) in zip(narrow.features, found.features) {
            #expect(a.dtype == .float32)
            let error = (a - b).norm().item() / b.norm().item()
            #expect(error > 0 && error < 0.05, "\(error)")
        }
    }

    @Test(
        "are the last outputs of the encoder, through which gradient flows",
        arguments: UNetArchitecture.allCases)
    func gradients(arch: UNetArchitecture) {
        let denoiser = denoiser(arch)
        denoiser.setRequiresGrad(true)
        let (x, level, condition) = inputs()
        x.setRequiresGrad(true)
        let features = denoiser.predictAndFeatures(x, at: level, given: condition).features
        let parameters = denoiser.parameters
        for (index, size) in ["12x12", "6x6", "3x3"].enumerated() {
            let slopes = Torch.gradients(
                of: features[index].square().sum(), with: [x] + parameters.values, differentiable: true)
            #expect(slopes[0].abs().max().item() > 0)
            let reached = zip(parameters.keys, slopes.dropFirst())
                .filter { $1.abs().max().item() > 0 }.map(\.0)
            #expect(reached.contains { $0.hasPrefix("model.enc.\(size)_block1.") }, "\(reached)")
            #expect(!reached.contains { $0.hasPrefix("model.dec.") || $0.contains("out_conv") })
            for later in ["12x12", "6x6", "3x3"].dropFirst(index + 1) {
                #expect(!reached.contains { $0.hasPrefix("model.enc.\(later)_") }, "\(reached)")
            }
        }
    }

    @Test("are those of the network at the scaled samples", arguments: [0.5, 2])
    func ofScalings(sigma: Double) {
        // What the network is given is cIn x.
        let denoiser = denoiser(.ddpmpp)
        let (x, _, condition) = inputs()
        let level = NoiseLevel(sigma: Tensor([Float(sigma), Float(sigma)]))
        var heard: [Tensor] = []
        let scaled = denoiser.preconditioning.cIn(level.matching(x).sigma) * x
        let noise = denoiser.preconditioning.cNoise(level.sigma)
        _ = withoutGradients {
            denoiser.model(scaled, noise: noise, classes: condition.classes) { heard.append($0) }
        }
        let found = withoutGradients { denoiser.predictAndFeatures(x, at: level, given: condition) }
        #expect(heard.count == 3)
        for (a, b) in zip(heard, found.features) { #expect(relativeDifference(a, b) < 1e-5) }
    }
}

@Suite("A replica of an EDM network")
struct EDMReplicaTests {
    @Test(
        "has the same network, scalings, buffers and weights, or is the same in memory",
        arguments: [false, true])
    func replica(shares: Bool) throws {
        let scalings: [PreconditioningDescription] = [
            .edm(.init(sigmaData: 0.7)), .vp(.init()), .iddpm(.init()),
        ]
        for preconditioning in scalings {
            var network = UNetConfiguration.fashionMNIST
            network.imgResolution = 12
            network.channelMult = [1, 2]
            network.predictsVariance = false
            let teacher = DenoiserDescription(network: network, preconditioning: preconditioning)
                .makeDenoiser(seed: 4)
            let replica = teacher.replica(sharing: shares ? .everything : .nothing)
            #expect(DenoiserDescription(of: replica) == DenoiserDescription(of: teacher))
            #expect(replica.state.keys == teacher.state.keys)
            #expect(replica.conditioning == .classes(10) && replica.sampleShape == [1, 12, 12])
            let x = Tensor.ones([2, 1, 12, 12])
            let level = teacher.schedule.level(at: Tensor([30, 900]))
            #expect(
                replica(x, at: level, given: nil).array(as: Float.self)
                    == teacher(x, at: level, given: nil).array(as: Float.self))
            let name = try #require(replica.parameters.keys.first)
            replica.parameters[name]?.fill(3)
            let isSame = teacher.parameters[name]?.array(as: Float.self).allSatisfy { $0 == 3 }
            #expect(isSame == shares)
        }
    }
}
