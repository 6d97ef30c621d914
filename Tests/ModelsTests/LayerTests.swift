// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import TestSupport
import Testing
import Torch

@Suite("Layers")
struct LayerTests {
    @Test("a linear layer adds its bias to the product")
    func linear() {
        var stream = RandomStream(seed: 0, purpose: "layer test")
        let layer = Linear(2, 3, from: &stream)
        layer.bias?.copy(from: Tensor([1.0, 2.0, 3.0]))
        let x = Tensor([0.5, -1] as [Float], shape: [1, 2])
        let w = layer.weight.array(as: Double.self)
        let expected = [0.5 * w[0] - w[1] + 1, 0.5 * w[2] - w[3] + 2, 0.5 * w[4] - w[5] + 3]
        #expect(relativeDifference(layer(x), Tensor(expected, shape: [1, 3])) < 1e-6)
        #expect(Linear(2, 3, bias: false, from: &stream).state.keys == ["weight"])
    }

    @Test("a convolution keeps the size of an image and sums over its neighbourhood")
    func convolution() {
        var stream = RandomStream(seed: 0, purpose: "layer test")
        let layer = Conv2d(1, 1, kernel: 3, initialisation: .zeros, from: &stream)
        layer.weight.fill(1)
        let found = layer(Tensor([1, 2, 3, 4] as [Float], shape: [1, 1, 2, 2]))
        #expect(found.array(as: Double.self) == [10, 10, 10, 10])
        #expect(Conv2d(2, 5, kernel: 1, from: &stream)(.ones([3, 2, 4, 7])).shape == [3, 5, 4, 7])
    }

    @Test(
        "normalisation and activation in one equal the two operators, and so do their gradients",
        // The second one has two blocks of pixels.
        arguments: [true, false], [[2, 6, 3, 5], [1, 6, 90, 80]])
    func groupNormSiLU(shifted: Bool, shape: [Int]) {
        var stream = RandomStream(seed: 2, purpose: "layer test")
        let norm = GroupNorm(6, groups: 3, epsilon: 1e-6)
        norm.convert(to: .float64)
        norm.weight.copy(from: stream.normal([6], dtype: .float64))
        norm.bias.copy(from: stream.normal([6], dtype: .float64))
        norm.setRequiresGrad(true)
        let x = stream.normal(shape, dtype: .float64)
        let shift = stream.normal([shape[0], 6], dtype: .float64)
        let v = stream.normal(shape, dtype: .float64)
        for input in [x, shift] { input.setRequiresGrad(true) }

        let fused = norm.silu(x, shift: shifted ? shift : nil)
        let plain = norm(shifted ? x + shift.reshaped([shape[0], 6, 1, 1]) : x).silu()
        #expect(relativeDifference(fused, plain) < 1e-12)
        let inputs = [x, norm.weight, norm.bias] + (shifted ? [shift] : [])
        let found = gradients(of: (fused * v).sum(), with: inputs)
        for (found, expected) in zip(found, gradients(of: (plain * v).sum(), with: inputs)) {
            #expect(relativeDifference(found, expected) < 1e-11)
        }
    }

    @Test("adaptive normalisation and activation in one equal the operators, and so do their gradients")
    func adaptiveSiLU() {
        var stream = RandomStream(seed: 3, purpose: "layer test")
        let norm = GroupNorm(6, groups: 3, epsilon: 1e-5)
        norm.convert(to: .float64)
        norm.weight.copy(from: stream.normal([6], dtype: .float64))
        norm.bias.copy(from: stream.normal([6], dtype: .float64))
        norm.setRequiresGrad(true)
        let x = stream.normal([2, 6, 3, 5], dtype: .float64)
        let (scale, shift) = (
            stream.normal([2, 6], dtype: .float64), stream.normal([2, 6], dtype: .float64)
        )
        let v = stream.normal([2, 6, 3, 5], dtype: .float64)
        for input in [x, scale, shift] { input.setRequiresGrad(true) }

        let fused = norm.adaptiveSiLU(x, scale: scale, shift: shift)
        let plain =
            (norm(x) * (scale.reshaped([2, 6, 1, 1]) + 1) + shift.reshaped([2, 6, 1, 1])).silu()
        #expect(relativeDifference(fused, plain) < 1e-12)
        let inputs = [x, norm.weight, norm.bias, scale, shift]
        let found = gradients(of: (fused * v).sum(), with: inputs)
        for (found, expected) in zip(found, gradients(of: (plain * v).sum(), with: inputs)) {
            #expect(relativeDifference(found, expected) < 1e-11)
        }
    }

    @Test("weights and biases within the reciprocal root of the inputs fill that range")
    func fanInUniform() {
        var stream = RandomStream(seed: 5, purpose: "layer test")
        let layer = Conv2d(32, 64, kernel: 3, initialisation: .fanInUniform, from: &stream)
        let bound = 1 / (9 * 32.0).squareRoot()
        for tensor in layer.parameters.values {
            #expect((0.9 * bound...bound).contains(tensor.abs().max().item()))
        }
    }

    @Test("Xavier's uniform weights have the variance 2 / (fanIn + fanOut)")
    func xavier() {
        var stream = RandomStream(seed: 4, purpose: "layer test")
        let weight = Initialisation.xavierUniform(gain: 3).weight([64, 32, 3, 3], from: &stream)
        let deviation = 3 * (2 / Double(9 * (64 + 32))).squareRoot()
        #expect(abs(weight.standardDeviation().item() / deviation - 1) < 0.02)
        #expect(abs(weight.mean().item()) < 0.02 * deviation)
    }
}
