// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Models
import Synchronization
import TestSupport
import Testing
import Torch

/// `F(x) = weight * x`: small enough to know everything about it.
private final class ScalarNetwork: EDMNetwork {
    let sampleShape = [1, 2, 3]
    let classCount: Int
    let weight: Tensor
    private let seen = Mutex<Tensor?>(nil)

    var classes: Tensor? { seen.withLock { $0 } }

    init(_ weight: Double, classCount: Int = 0) {
        self.weight = Tensor(weight, dtype: .float64)
        self.classCount = classCount
    }

    var children: [Child] { [.parameter("weight", weight)] }

    func untrained() -> ScalarNetwork { ScalarNetwork(0, classCount: classCount) }

    func callAsFunction(
        _ x: Tensor, noise: Tensor, classes: Tensor?, features: ((Tensor) -> Void)?
    ) -> Tensor {
        seen.withLock { $0 = classes }
        features?(x * 3)
        return weight * x
    }
}

@Suite("EDM")
struct EDMTests {
    private static let sigmas = [0.002, 0.1, 0.5, 3, 80]

    @Test("the scalings keep unit variance", arguments: [0.5, 1.3])
    func preconditioning(sigmaData: Double) {
        let scalings = EDMPreconditioning(sigmaData: sigmaData)
        let sigma = Tensor(Self.sigmas)
        let ones = Tensor.ones([5], dtype: .float64)
        let variance = sigma.square() + sigmaData * sigmaData

        #expect(relativeDifference(scalings.cIn(sigma).square() * variance, ones) < 1e-14)
        #expect(relativeDifference(scalings.lossWeight(sigma) * scalings.cOut(sigma).square(), ones) < 1e-14)
        // The target of F, (x - cSkip (x + sigma eps)) / cOut, has unit variance.
        let target =
            ((1 - scalings.cSkip(sigma)).square() * (sigmaData * sigmaData)
                + (scalings.cSkip(sigma) * sigma).square()) / scalings.cOut(sigma).square()
        #expect(relativeDifference(target, ones) < 1e-9)
        #expect(relativeDifference((scalings.cNoise(sigma) * 4).exp(), sigma) < 1e-14)
    }

    @Test("the denoiser is the scaled network")
    func denoiser() {
        let x = Tensor([1.0, -2, 3, 0.5, 0, 7], shape: [1, 1, 2, 3])
        let level = KarrasSchedule().level(noiseToSignal: 2).level(count: 1)
        let found = EDMDenoiser(ScalarNetwork(3))(x, at: level)
        // sigma^2 + sigmaData^2 = 4.25: cSkip = 0.25 / 4.25 and cOut cIn = 2 * 0.5 / 4.25.
        #expect(relativeDifference(found, x * ((0.25 + 3 * 1) / 4.25)) < 1e-14)
    }

    @Test("a denoiser's errors weigh as its scalings have it, at every level")
    func lossWeight() {
        let level = NoiseLevel(sigma: Tensor(Self.sigmas))
        let signalToNoise = 1 / level.sigma.square()
        func weight(_ scalings: any Preconditioning) -> Tensor {
            EDMDenoiser(ScalarNetwork(1), preconditioning: scalings).lossWeight(at: level)
        }
        #expect(relativeDifference(weight(EDMPreconditioning()), signalToNoise + 4) < 1e-14)
        for scalings: any Preconditioning in [
            VPPreconditioning(), VEPreconditioning(), IDDPMPreconditioning(),
        ] {
            #expect(relativeDifference(weight(scalings), signalToNoise) < 1e-14)
        }
    }

    @Test("a network with classes sees zeros where no class is given")
    func absentCondition() throws {
        let network = ScalarNetwork(1, classCount: 3)
        let level = KarrasSchedule().level(noiseToSignal: 2).level(count: 2)
        _ = EDMDenoiser(network)(.zeros([2, 1, 2, 3], dtype: .float64), at: level)
        let classes = try #require(network.classes)
        #expect(classes.shape == [2, 3] && classes.array(as: Double.self).allSatisfy { $0 == 0 })
    }

    @Test("the loss of each image is the weighted squared error, written out in plain arithmetic")
    func loss() {
        let (x, draws, weight) = lossInput()
        let found = edmLoss(EDMDenoiser(ScalarNetwork(weight)), x: x, given: nil, draws: draws)

        let (clean, noise) = (x.array(as: Double.self), draws.noise.array(as: Double.self))
        let errors = clean.indices.map { index in
            let sigma = exp(-1.2 + 1.2 * draws.logSigma.array(as: Double.self)[index / 6])
            let variance = sigma * sigma + 0.25
            let noised = clean[index] + sigma * noise[index]
            let prediction = (0.25 + weight * sigma * 0.5) / variance * noised
            return variance / pow(sigma * 0.5, 2) * pow(prediction - clean[index], 2)
        }
        let expected = [0, 6].map { errors[$0..<$0 + 6].reduce(0, +) / 6 }
        #expect(relativeDifference(found, Tensor(expected)) < 1e-12)
    }

    @Test("the loss's gradient is that of finite differences")
    func lossGradient() {
        let (x, draws, weight) = lossInput()
        let network = ScalarNetwork(weight)
        network.setRequiresGrad(true)
        let loss = edmLoss(EDMDenoiser(network), x: x, given: nil, draws: draws).sum()
        let found = gradients(of: loss, with: [network.weight])[0]
        let expected = finiteDifferences(at: Tensor([weight], shape: [])) { moved in
            edmLoss(EDMDenoiser(ScalarNetwork(moved.item())), x: x, given: nil, draws: draws).sum()
        }
        #expect(relativeDifference(found, expected) < 1e-7)
    }

    private func lossInput() -> (x: Tensor, draws: EDMDraws, weight: Double) {
        var stream = RandomStream(seed: 1, purpose: "EDM loss test")
        let x = stream.normal([2, 1, 2, 3], dtype: .float64)
        let draws = EDMDraws(
            logSigma: stream.normal([2], dtype: .float64),
            noise: stream.normal([2, 1, 2, 3], dtype: .float64))
        return (x, draws, 0.7)
    }
}
