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
        #expect(relativeDifference(gradient(.kept), gradient(.omitted) * level.matching(x).alpha) < 1e-12)
        #expect(relativeDifference(gradient(.kept), gradient(.omitted)) > 0.1)
    }

    @Test("distribution matching: a teacher that changes nothing leaves no infinity behind")
    func noError() {
        let gradient = distributionMatchingGradient(
            x: x, teacherX0: x, criticX0: x + 0.1, level: level(alpha: [1, 1, 1], sigma: [1, 1, 1]))
        #expect(gradient.isFinite().to(.float64).min().item() == 1)
    }

    @Test("distribution matching: each loss has the gradient it was given, over the number of elements")
    func loss() {
        let gradient = noise * 0.3
        x.setRequiresGrad(true)
        let losses = distributionMatchingLoss(x: x, gradient: gradient)
        let values = gradient.array(as: Double.self)
        let squares = values.map { $0 * $0 }
        let expected = [0, 2, 4].map { (index: Int) -> Double in (squares[index] + squares[index + 1]) / 4 }
        #expect(relativeDifference(losses.detached(), Tensor(expected)) < 1e-12)
        let found = gradients(of: losses.mean(), with: [x])[0]
        #expect(relativeDifference(found, gradient / 6) < 1e-12)

        let target = (x - gradient).detached()
        let differences = finiteDifferences(at: x.detached()) { moved in
            distributionMatchingLoss(x: moved, gradient: moved - target).mean()
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
        let losses = denoisingLoss(prediction: x + noise, x: x, weight: Tensor(found))
        let squares = noise.square().array(as: Double.self)
        let expected = (0..<3).map { (index: Int) -> Double in
            let sum: Double = squares[2 * index] + squares[2 * index + 1]
            return found[index] * sum / 2
        }
        #expect(relativeDifference(losses, Tensor(expected)) < 1e-12)
        let flat = denoisingLoss(
            prediction: (x + noise).reshaped([3, 2]), x: x.reshaped([3, 2]), weight: Tensor(found))
        #expect(relativeDifference(flat, losses) == 0)
    }

    @Test("critic: for a variance-preserving model the loss is the squared error of the predicted noise")
    func noisePrediction() {
        let level = level(alpha: [0.9, 0.5, 0.1], sigma: [0.19, 0.75, 0.99].map { $0.squareRoot() })
        let xt = level.noising(x, noise: noise)
        let predictedNoise = noise * 0.8 + 0.1
        let matched = level.matching(x)
        let prediction = (xt - matched.sigma * predictedNoise) / matched.alpha
        let found = denoisingLoss(
            prediction: prediction, x: x, weight: MixtureDenoiser(Self.single).lossWeight(at: level))
        let expected = (predictedNoise - noise).square().mean(dims: [1, 2, 3])
        #expect(relativeDifference(found, expected) < 1e-12)
        #expect(abs(found.mean().item() - predictedNoise.meanSquaredError(to: noise).item()) < 1e-12)
    }

    @Test("critic: finite differences")
    func criticDifferences() {
        let level = level(alpha: [1, 1, 1], sigma: [0.1, 1, 10])
        noise.setRequiresGrad(true)
        func loss(_ prediction: Tensor) -> Tensor {
            denoisingLoss(prediction: prediction, x: x, weight: level.sigma.square() + 0.5).mean()
        }
        let found = gradients(of: loss(noise), with: [noise])[0]
        #expect(relativeDifference(found, finiteDifferences(at: noise.detached(), loss)) < 1e-6)
    }

    @Test("regression: the distance of each pair, and finite differences of its mean")
    func regression() {
        let term = Regression(weight: 0.5) { a, b in ((a - b).square() + 0.01).sqrt().sum(dims: [1, 2, 3]) }
        #expect(term.weight == 0.5 && term.inputs == .pairs)
        func losses(_ generated: Tensor) -> Tensor {
            let pairs = GeneratorOutput.Pairs(generated: generated, target: noise)
            return term(GeneratorOutput(samples: generated, condition: nil, pairs: pairs)).loss
        }
        func loss(_ generated: Tensor) -> Tensor { losses(generated).mean() }
        let lengths = zip(x.array(as: Double.self), noise.array(as: Double.self))
            .map { (pow($0 - $1, 2) + 0.01).squareRoot() }
        #expect(abs(loss(x).item() - lengths.reduce(0, +) / 3) < 1e-12)
        let pairs = [0, 2, 4].map { lengths[$0] + lengths[$0 + 1] }
        #expect(relativeDifference(losses(x), Tensor(pairs)) < 1e-12)
        x.setRequiresGrad(true)
        let found = gradients(of: loss(x), with: [x])[0]
        #expect(relativeDifference(found, finiteDifferences(at: x.detached(), loss)) < 1e-6)
    }

    @Test("where the highest level is pure noise, losses and gradients are finite and what they should be")
    func pureNoise() {
        let schedule = RectifiedFlowSchedule()
        let level = schedule.level(at: Tensor([999, 500, 0]))
        #expect(level.alpha.array(as: Double.self)[0] == 0 && level.sigma.array(as: Double.self)[0] == 1)
        let noised = level.noising(x, noise: noise)
        let (teacher, critic) = (MixtureDenoiser(Self.single), MixtureDenoiser(Self.fake))
        let predictions = [teacher, critic].map { $0(noised, at: level, given: nil) }
        // Of pure noise, the mean of all samples.
        for (prediction, center) in zip(predictions, [[0.3, -0.2], [0.1, 0.5]]) {
            let first = prediction.selected(dim: 0, index: 0).array(as: Double.self)
            #expect(zip(first, center).allSatisfy { abs($0 - $1) < 1e-12 })
        }
        for weighting in DistributionMatchingWeighting.allCases {
            for alphaFactor in AlphaFactor.allCases {
                let gradient = distributionMatchingGradient(
                    x: x, teacherX0: predictions[0], criticX0: predictions[1], level: level,
                    weighting: weighting, alphaFactor: alphaFactor)
                #expect(gradient.isFinite().to(.float64).min().item() == 1)
                let first = gradient.selected(dim: 0, index: 0).array(as: Double.self)
                #expect(first.allSatisfy { ($0 == 0) == (alphaFactor == .kept) }, "\(first)")
                let losses = distributionMatchingLoss(x: x, gradient: gradient)
                #expect(losses.isFinite().to(.float64).min().item() == 1)
            }
        }
        let weights = teacher.lossWeight(at: level)
        #expect(weights.array(as: Double.self)[0] == 0)
        let losses = denoisingLoss(prediction: predictions[1], x: x, weight: weights)
        #expect(losses.isFinite().to(.float64).min().item() == 1)
        #expect(losses.array(as: Double.self)[0] == 0 && losses.array(as: Double.self)[1] > 0)
    }

    @Test("the terms of distribution matching are these losses, and the norm of each gradient")
    func terms() throws {
        let level = level(alpha: [0.9, 0.5, 0.1], sigma: [0.4, 0.8, 0.99])
        let noised = level.noising(x, noise: noise)
        let scores = GeneratorOutput.Scores(
            level: level, noised: noised, teacher: Prediction(x0: x * 0.5), critic: Prediction(x0: x * 0.7),
            positions: Tensor([0.1, 0.5, 0.9]))
        var settings = DistributionMatchingSettings()
        (settings.weight, settings.weighting, settings.alphaFactor) = (3, .sigmaOverAlpha, .omitted)
        let term = DistributionMatching(settings)
        #expect(term.name == "distribution_matching" && term.weight == 3 && term.inputs == .scores)
        let found = term(GeneratorOutput(samples: x, condition: nil, scores: scores))
        let gradient = x * 0.2 / level.matching(x).sigma
        #expect(
            relativeDifference(found.loss, distributionMatchingLoss(x: x, gradient: gradient)) < 1e-12)
        let norms = gradient.square().sum(dims: [1, 2, 3]).sqrt()
        let measured = try #require(found.scalars["norm/distribution_matching"])
        #expect(found.scalars.count == 1 && relativeDifference(measured, norms) < 1e-12)

        let input = CriticInput(
            samples: x, condition: nil,
            denoised: .init(
                level: level, prediction: Prediction(x0: x * 0.5), weight: Tensor([1.0, 2, 3])))
        let denoising = Denoising(weight: 0.5)
        #expect(denoising.name == "denoising" && denoising.weight == 0.5 && Denoising().weight == 1)
        let expected = denoisingLoss(prediction: x * 0.5, x: x, weight: Tensor([1.0, 2, 3]))
        #expect(relativeDifference(denoising(input).loss, expected) == 0)
    }
}
