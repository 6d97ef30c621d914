// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("Layers, against PyTorch")
struct LayerParityTests {
    private static let cases = [
        "conv3x3", "conv1x1", "conv_stride2", "groupnorm", "linear", "silu", "attention1", "attention2",
    ]

    @Test(
        "a layer's output and gradients are the reference's",
        arguments: cases, [DType.float64, .float32])
    func parity(name: String, dtype: DType) throws {
        let tensors = try SafetensorsFile(fixture("layers.safetensors")).tensors(
            under: "\(name).", as: dtype)
        let v = try #require(tensors["v"])
        let inputs = tensors.filter { $0.key != "v" && !isOutputOrGradient($0.key) }
        for input in inputs.values { input.setRequiresGrad(true) }
        let (y, leaves) = try evaluate(name, inputs)
        let found = outputAndGradients(y, along: v, with: leaves)
        let expected = tensors.filter { isOutputOrGradient($0.key) }
        #expect(differences(found, from: expected, tolerance: dtype == .float64 ? 1e-12 : 2e-5) == [])
    }

    @Test("every layer of the reference is compared")
    func completeness() throws {
        let names = try SafetensorsFile(fixture("layers.safetensors")).names
        #expect(Set(names.map { String($0.prefix { $0 != "." }) }) == Set(Self.cases))
    }

    /// The output of a layer, and the tensors that the fixture holds gradients for.
    private func evaluate(_ name: String, _ inputs: [String: Tensor]) throws -> (Tensor, [String: Tensor]) {
        func input(_ name: String) throws -> Tensor { try #require(inputs[name]) }
        /// Loads the weights among the inputs into a layer, whose own take their place.
        func load(_ layer: some Module) throws -> [String: Tensor] {
            layer.convert(to: try input("weight").dtype)
            try layer.load(["weight": input("weight"), "bias": input("bias")])
            layer.setRequiresGrad(true)
            return inputs.merging(layer.parameters.map { ($0, $1) }) { $1 }
        }

        var stream = RandomStream(seed: 0, purpose: "layer test")
        switch name {
        case "conv3x3", "conv1x1":
            let layer = Conv2d(8, 4, kernel: name == "conv3x3" ? 3 : 1, from: &stream)
            let leaves = try load(layer)
            return (layer(try input("x")), leaves)
        case "conv_stride2":
            let y = try input("x").conv2d(
                weight: input("weight"), bias: input("bias"), stride: 2, padding: 1)
            return (y, inputs)
        case "groupnorm":
            let layer = GroupNorm(8, groups: 2, epsilon: 1e-6)
            let leaves = try load(layer)
            return (layer(try input("x")), leaves)
        case "linear":
            let layer = Linear(5, 7, from: &stream)
            let leaves = try load(layer)
            return (layer(try input("input")), leaves)
        case "silu": return (try input("input").silu(), inputs)
        default: return (selfAttention(try input("qkv"), heads: name == "attention1" ? 1 : 2), inputs)
        }
    }
}
