// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Foundation
import TestSupport
import Testing
import Torch

@Suite("The paper's losses")
struct LossTests {
    private static let single = Mixture.gaussian([0.3, -0.2], width: 0.4)
    private static let double = Mixture(
        centers: [[-0.7, 0.1], [0.6, 0.4]], shares: [0.3, 0.7], width: 0.2)
    private static let fake = Mixture.gaussian([0.1, 0.5], width: 0.6)

    private let x = Tensor([0.2, -0.9, 0.8, 0.3, -0.4, 0.5], shape: [3, 2, 1, 1])
    private let noise = Tensor([0.4, 1.1, -0.3, 0.2, -1.7, 0.6], shape: [3, 2, 1, 1])

    /// A level for each of the three points, with alpha below 1 or, as for EDM, at 1.
    private func level(alpha: [Double], sigma: [Double]) -> NoiseLevel {
        NoiseLevel(alpha: Tensor(alpha), sigma: Tensor(sigma), time: Tensor(sigma))
    }

    /// Equation 7 as it stands: `w_t alpha_t (s_fake - s_real)`, with the scores of the mixtures and not their denoisers.
    private func equation7(
        real: Mixture, alpha: Double, sigma: Double, x: [Double], noise: [Double],
        _ weighting: DistributionMatchingWeighting
    ) -> [Double] {
        let xt = zip(x, noise).map { alpha * $0 + sigma * $1 }
        let real = real.score(xt, alpha: alpha, sigma: sigma)
        let fake = Self.fake.score(xt, alpha: alpha, sigma: sigma)
        // Equation 4, solved for mu_base.
        let mu = zip(xt, real).map { ($0 + sigma * sigma * $1) / alpha }
        let error = zip(mu, x).reduce(0) { $0 + abs($1.0 - $1.1) }
        let weight =
            switch weighting {
            case .normalized: sigma * sigma / alpha * Double(x.count) / error
            case .sigmaOverAlpha: sigma / alpha
            case .sigmaCubedOverAlpha: sigma * sigma * sigma / alpha
            }
        return zip(fake, real).map { weight * alpha * ($0 - $1) }
    }

    @Test(
        "distribution matching: the gradient is equation 7's on known scores",
        arguments: [single, double], DistributionMatchingWeighting.allCases)
    func gradient(real: Mixture, weighting: DistributionMatchingWeighting) {
        for (alphas, sigmas) in [([1.0, 1, 1], [0.05, 0.7, 20]), ([0.95, 0.7, 0.1], [0.31, 0.71, 0.99])] {
            let level = level(alpha: alphas, sigma: sigmas)
            let noised = level.noising(x, noise: noise)
            let found = distributionMatchingGradient(
                x: x, teacherX0: real.denoised(noised, at: level),
                criticX0: Self.fake.denoised(noised, at: level),
                level: level, weighting: weighting)
            for (index, (alpha, sigma)) in zip(alphas, sigmas).enumerated() {
                func point(_ points: Tensor) -> [Double] { points.selected(dim: 0, index: index).array() }
                let expected = equation7(
                    real: real, alpha: alpha, sigma: sigma, x: point(x), noise: point(noise), weighting)
                #expect(relativeDifference(Tensor(point(found)), Tensor(expected)) < 1e-6)
            }
        }
    }

    @Test("distribution matching: the factor alpha can be omitted")
    func alphaFactor() {
        let level = level(alpha: [0.9, 0.5, 0.1], sigma: [0.4, 0.8, 0.99])
        func gradient(_ alphaFactor: AlphaFactor) -> Tensor {
            distributionMatchingGradient(
                x: x, teacherX0: x * 0.5, criticX0: x * 0.6, level: level, alphaFactor: alphaFactor)
        }
        #expect(relativeDifference(gradient(.kept), gradient(.omitted) * level.alpha) < 1e-12)
        #expect(relativeDifference(gradient(.kept), gradient(.omitted)) > 0.1)
    }

    @Test("distribution matching: a teacher that changes nothing leaves no infinity behind")
    func noError() {
        let gradient = distributionMatchingGradient(
            x: x, teacherX0: x, criticX0: x + 0.1, level: level(alpha: [1, 1, 1], sigma: [1, 1, 1]))
        #expect(gradient.isFinite().to(.float64).min().item() == 1)
    }

    @Test("distribution matching: the loss has the gradient it was given, over the number of elements")
    func loss() {
        let gradient = noise * 0.3
        x.setRequiresGrad(true)
        let loss = distributionMatchingLoss(x: x, gradient: gradient)
        #expect(abs(loss.item() - (gradient.square().mean() * 0.5).item()) < 1e-12)
        let found = gradients(of: loss, with: [x])[0]
        #expect(relativeDifference(found, gradient / 6) < 1e-12)

        let target = (x - gradient).detached()
        let differences = finiteDifferences(at: x.detached()) { moved in
            distributionMatchingLoss(x: moved, gradient: moved - target)
        }
        #expect(relativeDifference(found, differences) < 1e-6)
    }

    @Test("critic: the weight is that of the teacher's own training")
    func criticWeight() {
        let level = level(alpha: [0.9, 0.5, 1], sigma: [0.4, 0.8, 2])
        func weights(_ denoiser: some Denoiser) -> [Double] {
            denoiser.lossWeight(at: level).array(as: Double.self)
        }
        let found = weights(MixtureDenoiser(Self.single))
        for (weight, ratio) in zip(found, [0.9 / 0.4, 0.5 / 0.8, 1 / 2.0]) {
            #expect(abs(weight / pow(ratio, 2) - 1) < 1e-12)
        }
        let loss = criticLoss(prediction: x + noise, x: x, weight: Tensor(found, shape: [3, 1, 1, 1]))
        let expected = (Tensor(found, shape: [3, 1, 1, 1]) * noise.square()).mean()
        #expect(relativeDifference(loss, expected) < 1e-12)
    }

    @Test("critic: for a variance-preserving model the loss is the squared error of the predicted noise")
    func noisePrediction() {
        let level = level(alpha: [0.9, 0.5, 0.1], sigma: [0.19, 0.75, 0.99].map { $0.squareRoot() })
        let xt = level.noising(x, noise: noise)
        let predictedNoise = noise * 0.8 + 0.1
        let prediction = (xt - level.sigma * predictedNoise) / level.alpha
        let found = criticLoss(
            prediction: prediction, x: x, weight: MixtureDenoiser(Self.single).lossWeight(at: level))
        #expect(abs(found.item() - predictedNoise.meanSquaredError(to: noise).item()) < 1e-12)
    }

    @Test("critic: finite differences")
    func criticDifferences() {
        let level = level(alpha: [1, 1, 1], sigma: [0.1, 1, 10])
        noise.setRequiresGrad(true)
        func loss(_ prediction: Tensor) -> Tensor {
            criticLoss(prediction: prediction, x: x, weight: level.sigma.square() + 0.5)
        }
        let found = gradients(of: loss(noise), with: [noise])[0]
        #expect(relativeDifference(found, finiteDifferences(at: noise.detached(), loss)) < 1e-6)
    }

    @Test("regression: the mean of the distance, and its finite differences")
    func regression() {
        func loss(_ generated: Tensor) -> Tensor {
            regressionLoss(generated: generated, target: noise) { a, b in
                ((a - b).square() + 0.01).sqrt().sum(dims: [1, 2, 3])
            }
        }
        let lengths = zip(x.array(as: Double.self), noise.array(as: Double.self))
            .map { (pow($0 - $1, 2) + 0.01).squareRoot() }
        #expect(abs(loss(x).item() - lengths.reduce(0, +) / 3) < 1e-12)
        x.setRequiresGrad(true)
        let found = gradients(of: loss(x), with: [x])[0]
        #expect(relativeDifference(found, finiteDifferences(at: x.detached(), loss)) < 1e-6)
    }
}
