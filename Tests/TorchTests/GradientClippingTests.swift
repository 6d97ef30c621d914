// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import TestSupport
import Testing
import Torch
import Weights

@Suite struct GradientClippingTests {
    /// Two parameters whose gradients together are (3, 4, 12), of norm 13, and one without a gradient.
    private func parameters() -> [Tensor] {
        let parameters = [Tensor.zeros([2]), .zeros([1, 1]), .zeros([7])]
        parameters[0].setGradient(Tensor([Float(3), 4]))
        parameters[1].setGradient(Tensor([Float(12)], shape: [1, 1]))
        return parameters
    }

    private func gradients(_ parameters: [Tensor]) -> [Double] {
        parameters.compactMap(\.gradient).flatMap { $0.array(as: Double.self) }
    }

    @Test func longGradientsAreShortenedTogether() {
        let parameters = parameters()
        let norm = clipGradientNorm(parameters, to: 2.6)
        #expect(norm.shape == [])
        #expect(abs(norm.item() - 13) < 1e-5)
        #expect(zip(gradients(parameters), [0.6, 0.8, 2.4]).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test(arguments: [13.5, 1e6, .infinity]) func shortGradientsAreLeftAlone(maxNorm: Double) {
        let parameters = parameters()
        #expect(abs(clipGradientNorm(parameters, to: maxNorm).item() - 13) < 1e-5)
        #expect(gradients(parameters) == [3, 4, 12])
    }

    @Test(arguments: ["large", "small"], [DType.float64, .float32])
    func normAndGradientsAreThoseOfPyTorch(name: String, dtype: DType) throws {
        let tensors = try SafetensorsFile(fixture("clip.safetensors")).tensors(under: "\(name).", as: dtype)
        let gradients = ["matrix": tensors["matrix"], "vector": tensors["vector"]].compactMapValues { $0 }
        let parameters = gradients.mapValues { gradient in
            let parameter = Tensor.zerosLike(gradient)
            parameter.setGradient(gradient.cloned())
            return parameter
        }
        var found = ["norm": clipGradientNorm(parameters.values, to: 10)]
        for (name, parameter) in parameters { found["clipped.\(name)"] = parameter.gradient }
        let expected = tensors.filter { gradients[$0.key] == nil }
        #expect(differences(found, from: expected, tolerance: dtype == .float64 ? 1e-12 : 2e-6) == [])
    }

    @Test func aNormThatIsNotFiniteShows() {
        let parameters = parameters()
        parameters[1].gradient?.fill(.nan)
        #expect(clipGradientNorm(parameters, to: 1).item().isNaN)
    }

    @Test func nothingToClipHasNormZero() {
        #expect(clipGradientNorm([Tensor.zeros([3])], to: 1).item() == 0)
    }
}
