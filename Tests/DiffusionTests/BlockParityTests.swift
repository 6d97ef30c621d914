// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import TestSupport
import Testing
import Torch

/// The network's own block is not public: only the names of its tensors are compared here. Its numbers are in the
/// fixture `denoiser`, whose network has a block of every kind but the one with two heads. The numbers here are those
/// of the public layers, put together by the same formula.
@Suite("Blocks, against PyTorch")
struct BlockParityTests {
    @Test(
        "the output of layers in a block, and the gradient on each of their tensors, are the reference's",
        arguments: ["plain", "widen", "down", "up", "attention", "attention2"], [DType.float64, .float32])
    func parity(kind: String, dtype: DType) throws {
        let tensors = try SafetensorsFile(fixture("blocks.safetensors")).tensors(
            under: "\(kind).", as: dtype)
        func tensor(_ name: String) throws -> Tensor { try #require(tensors[name]) }
        let block = Block(kind: kind, outputs: try tensor("y").shape[1])
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

    @Test(
        "a network's blocks have the tensors of the reference's",
        arguments: [
            ("plain", "dec.3x3_in1"), ("widen", "dec.12x12_block0"), ("down", "enc.6x6_down"),
            ("up", "dec.6x6_up"), ("attention", "enc.6x6_block0"),
        ])
    func names(kind: String, path: String) throws {
        let file = try SafetensorsFile(fixture("blocks.safetensors"))
        let state = try fixtureDenoiser(as: .float32).state
        let prefix = "model.\(path)."
        let found = state.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        #expect(Set(found) == Set(try file.tensors(under: "\(kind).state.", as: .float32).keys))
    }
}

/// The public layers, put together by the formula of the network's block for 8 channels and an embedding of 6 numbers.
private final class Block: Module {
    private let kind: String
    private let norm0: GroupNorm
    private let conv0: Conv2d
    private let affine: Linear
    private let norm1: GroupNorm
    private let conv1: Conv2d
    private let skip: Conv2d?
    private let norm2: GroupNorm?
    private let qkv: Conv2d?
    private let proj: Conv2d?
    private let filter: Tensor?

    init(kind: String, outputs: Int) {
        var stream = RandomStream(seed: 0, purpose: "block test")
        func norm(_ channels: Int) -> GroupNorm { GroupNorm(channels, groups: channels / 4, epsilon: 1e-6) }
        let attends = kind.hasPrefix("attention")
        self.kind = kind
        norm0 = norm(8)
        conv0 = Conv2d(8, outputs, kernel: 3, from: &stream)
        affine = Linear(6, outputs, from: &stream)
        norm1 = norm(outputs)
        conv1 = Conv2d(outputs, outputs, kernel: 3, from: &stream)
        skip = kind == "plain" ? nil : Conv2d(8, outputs, kernel: 1, from: &stream)
        norm2 = attends ? norm(outputs) : nil
        qkv = attends ? Conv2d(outputs, 3 * outputs, kernel: 1, from: &stream) : nil
        proj = attends ? Conv2d(outputs, outputs, kernel: 1, from: &stream) : nil
        filter = kind == "up" || kind == "down" ? .zeros([1, 1, 2, 2]) : nil
    }

    var members: [Member] {
        [
            .module("norm0", norm0), .module("conv0", conv0), .buffer("conv0.resample_filter", filter),
            .module("affine", affine), .module("norm1", norm1), .module("conv1", conv1),
            .module("skip", skip), .buffer("skip.resample_filter", filter),
            .module("norm2", norm2), .module("qkv", qkv), .module("proj", proj),
        ]
    }

    func callAsFunction(_ x: Tensor, _ embedding: Tensor) -> Tensor {
        let h = conv1(norm1.silu(conv0(resampled(norm0.silu(x))), shift: affine(embedding)))
        let y = (h + (skip?(resampled(x)) ?? x)) * 0.5.squareRoot()
        guard let norm2, let qkv, let proj else { return y }
        return (proj(attention(qkv(norm2(y)), heads: kind == "attention" ? 1 : 2)) + y) * 0.5.squareRoot()
    }

    private func resampled(_ x: Tensor) -> Tensor {
        switch kind {
        case "up": x.upsampledNearest(height: 2 * x.shape[2], width: 2 * x.shape[3])
        case "down": x.averagePool2d(kernel: 2, stride: 2)
        default: x
        }
    }
}
