// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("Blocks, against PyTorch")
struct BlockParityTests {
    @Test(
        "output and gradients are the reference's",
        arguments: ["plain", "widen", "down", "up", "attention", "attention2"], [DType.float64, .float32])
    func parity(kind: String, dtype: DType) throws {
        let tensors = try SafetensorsFile(fixture("blocks.safetensors")).tensors(
            under: "\(kind).", as: dtype)
        func tensor(_ name: String) throws -> Tensor { try #require(tensors[name]) }
        var stream = RandomStream(seed: 0, purpose: "block test")
        let block = UNetBlock(
            8, try tensor("y").shape[1], embedding: 6,
            resampling: ["up": .up, "down": .down][kind], attends: kind.hasPrefix("attention"),
            style: .song(channelsPerHead: kind == "attention2" ? 8 : nil), from: &stream)
        block.convert(to: dtype)
        try block.load(
            .init(
                uniqueKeysWithValues: tensors.filter { $0.key.hasPrefix("state.") }.map {
                    (String($0.dropFirst("state.".count)), $1)
                }))
        block.setRequiresGrad(true)
        let inputs = ["x": try tensor("x"), "embedding": try tensor("embedding")]
        for input in inputs.values { input.setRequiresGrad(true) }

        let y = block(try tensor("x"), try tensor("embedding"))
        let found = outputAndGradients(
            y, along: try tensor("v"), with: inputs.merging(block.parameters.map { ($0, $1) }) { $1 })
        let expected = tensors.filter { isOutputOrGradient($0.key) }
        #expect(differences(found, from: expected, tolerance: dtype == .float64 ? 1e-12 : 2e-5) == [])
    }

    @Test("every block of the reference is compared")
    func completeness() throws {
        let names = try SafetensorsFile(fixture("blocks.safetensors")).names
        #expect(
            Set(names.map { String($0.prefix { $0 != "." }) })
                == ["plain", "widen", "down", "up", "attention", "attention2"])
    }
}
