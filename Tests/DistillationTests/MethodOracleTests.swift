// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Foundation
import TestSupport
import Testing
import Torch

/// The losses of DMD2, f-distill and SiD between Gaussians, where values and gradients are known in closed form.
@Suite("Losses between Gaussians")
struct MethodOracleTests {
    /// Unit normal nodes with weights that add up to one.
    private let nodes = Tensor((-400...400).map { Double($0) / 50 })
    private var weights: Tensor {
        let densities = (nodes.square() * -0.5).exp()
        return densities / densities.sum()
    }

    /// `x_t` of the data is N(0.3, 0.85), of the generator N(-0.2, 0.52).
    private let optimal = (a: 0.373303, b: 0.737557, c: -0.260183)

    private func logits(_ x: Tensor, _ a: Tensor, _ b: Tensor, _ c: Tensor) -> Tensor {
        (a * x.square() + b * x + c).reshaped([-1, 1])
    }

    @Test("the best discriminator is the logarithm of the density ratio")
    func discriminator() {
        let parameters = [optimal.a, optimal.b, optimal.c].map { Tensor($0) }
        for parameter in parameters { parameter.setRequiresGrad(true) }
        let (real, fake) = (0.3 + 0.85.squareRoot() * nodes, 0.52.squareRoot() * nodes - 0.2)
        func loss(_ p: [Tensor]) -> Tensor {
            (weights
                * discriminatorLoss(
                    real: logits(real, p[0], p[1], p[2]), fake: logits(fake, p[0], p[1], p[2]))).sum()
        }
        let found = loss(parameters)
        #expect(abs(found.item() - 1.275529) < 2e-6)
        for gradient in gradients(of: found, with: parameters) { #expect(abs(gradient.item()) < 2e-6) }
        #expect(abs(loss([0, 0, 0].map { Tensor($0) }).item() - 2 * log(2)) < 1e-12)
    }

    @Test("the generator's adversarial gradient is that of the softened reverse KL")
    func adversarial() {
        let mean = Tensor(-0.2)
        mean.setRequiresGrad(true)
        let (a, b, c) = (Tensor(optimal.a), Tensor(optimal.b), Tensor(optimal.c))
        let loss = (weights * adversarialLoss(fake: logits(mean + 0.52.squareRoot() * nodes, a, b, c))).sum()
        #expect(abs(gradients(of: loss, with: [mean])[0].item() + 0.271460) < 3e-6)
    }

    @Test(
        "each divergence weighs the score difference so that its own gradient comes out",
        arguments: zip(
            Divergence.allCases,
            [
                (-0.588235, 1), (-0.271460, 0.550847), (-0.687032, 0.941234), (-0.316775, 0.449153),
                (-1.549774, 2), (-0.961538, 1), (-0.568298, 1.341182),
            ]))
    func divergences(_ divergence: Divergence, _ expected: (gradient: Double, weight: Double)) {
        let x = 0.52.squareRoot() * nodes - 0.2
        let (data, own) = ((x - 0.3) / -0.85, (x + 0.2) / -0.52)
        let ratio = logits(x, Tensor(optimal.a), Tensor(optimal.b), Tensor(optimal.c)).flattened().exp()
        let sigma = 0.6
        let rows = [-1, 1]
        // mu = x_t + sigma^2 s, and the gradient with weight sigma / alpha is sigma (s_fake - s_real).
        let direction =
            distributionMatchingGradient(
                x: x.reshaped(rows), teacherX0: (x + sigma * sigma * data).reshaped(rows),
                criticX0: (x + sigma * sigma * own).reshaped(rows),
                level: NoiseLevel(sigma: Tensor([Double](repeating: sigma, count: x.count))),
                weighting: .sigmaOverAlpha
            ).flattened() / sigma
        let h = divergence.weight(ratio)
        #expect(abs((weights * h * direction).sum().item() - expected.gradient) < 1e-5)
        #expect(abs((weights * h).sum().item() - expected.weight) < 1e-5)
    }

    @Test(
        "the score identity has the values and gradients of the Fisher divergence",
        arguments: [
            (0.5, 0.041205, [-0.089689, -0.119965]), (1, 0, [-0.146606, -0.148862]),
            (1.2, -0.016482, [-0.169373, -0.160420]),
        ])
    func scoreIdentity(alpha: Double, value: Double, slopes: [Double]) {
        // Gauss-Hermite quadrature of three nodes is exact: the loss is a polynomial of degree two in both draws.
        let (points, shares) = ([-3.0.squareRoot(), 0, 3.0.squareRoot()], [1.0 / 6, 2.0 / 3, 1.0 / 6])
        let z = Tensor(points.flatMap { [Double](repeating: $0, count: 3) })
        let eps = Tensor([points, points, points].flatMap(\.self))
        let weights = Tensor(shares.flatMap { share in shares.map { $0 * share } })
        let (m, s, sigma) = (-0.2, 0.4, 0.6)
        let parameters = [Tensor([m]).to(.float64), Tensor([s]).to(.float64)]
        for parameter in parameters { parameter.setRequiresGrad(true) }
        func denoised(_ x: Tensor, _ mean: Double, _ deviation: Double) -> Tensor {
            let variance = deviation * deviation
            return (x - mean) * (variance / (variance + sigma * sigma)) + mean
        }
        func loss(_ parameters: [Tensor]) -> Tensor {
            let x = parameters[0] + parameters[1] * z
            let noised = x + sigma * eps
            return
                (weights
                * scoreIdentityLoss(
                    x: x.reshaped([-1, 1]), teacherX0: denoised(noised, 0.3, 0.7).reshaped([-1, 1]),
                    criticX0: denoised(noised, m, s).reshaped([-1, 1]), alpha: alpha, isNormalized: false))
                .sum()
        }
        let found = loss(parameters)
        #expect(abs(found.item() - value) < 1e-6)
        let exact = gradients(of: found, with: parameters).map { $0.item() as Double }
        for (found, slope) in zip(exact, slopes) { #expect(abs(found - slope) < 1e-6) }
        // The branch through both predictions counts: differences of the whole loss tell.
        let step = 1e-5
        for index in 0..<2 {
            func moved(_ offset: Double) -> Double {
                loss([m, s].enumerated().map { Tensor([$1 + ($0 == index ? offset : 0)]).to(.float64) })
                    .item()
            }
            #expect(abs((moved(step) - moved(-step)) / (2 * step) - exact[index]) < 1e-8)
        }
    }
}
