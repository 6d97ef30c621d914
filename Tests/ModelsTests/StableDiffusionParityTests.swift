// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Encoders
import Foundation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("Stable Diffusion's networks, against diffusers and transformers", .serialized)
struct StableDiffusionParityTests {
    private static let cases = [
        "unet1", "unet2", "encoder", "decoder", "tiny-encoder", "tiny-decoder", "text1", "text2",
    ]

    @Test("results in float32 are theirs", arguments: cases)
    func float32(name: String) throws {
        let network = try load(name, as: .float32)
        let y = withoutGradients { network.evaluate(network.inputs) }
        #expect(relativeDifference(y, try network.file.tensor("\(name).float32.y")) < 1e-5)
    }

    @Test("results and gradients in float64 are theirs", arguments: cases, [false, true])
    func float64(name: String, recomputes: Bool) throws {
        let network = try load(name, as: .float64)
        #expect(network.module.setActivationCheckpointing(recomputes))
        network.module.setRequiresGrad(true)
        var leaves = Dictionary(uniqueKeysWithValues: network.module.parameters.map { ($0.key, $0.value) })
        for (name, input) in network.inputs where input.dtype.isFloatingPoint {
            input.setRequiresGrad(true)
            leaves[name] = input
        }
        let expected = try network.file.tensors(under: "\(name).float64.", as: .float64)
        // Half of an autoencoder plays no part.
        let judged = leaves.filter { expected["gradient.\($0.key)"] != nil }
        let found = outputAndGradients(
            network.evaluate(network.inputs), along: try network.file.tensor("\(name).v").to(.float64),
            with: judged)
        // What is added to all keys changes no attention: but for rounding, its gradient is zero.
        let (idle, others) = (expected.filter(isOfKeyBias), expected.filter { !isOfKeyBias($0) })
        #expect(differences(found.filter { !isOfKeyBias($0) }, from: others, tolerance: 1e-10) == [])
        for name in idle.keys {
            #expect(try #require(found[name]).abs().max().item() < 1e-12)
        }
        #expect(name.contains("coder") || judged.count == leaves.count)
    }

    private func isOfKeyBias(_ entry: (key: String, value: Tensor)) -> Bool {
        entry.key.hasSuffix("to_k.bias") || entry.key.hasSuffix("k_proj.bias")
    }

    @Test("a single wrong weight shows")
    func corruption() throws {
        let network = try load("unet2", as: .float64)
        let name = "up_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight"
        let weight = try #require(network.module.state[name])
        var values = weight.array(as: Double.self)
        values[3] += 0.1
        weight.copy(from: Tensor(values, shape: weight.shape))
        let y = withoutGradients { network.evaluate(network.inputs) }
        #expect(relativeDifference(y, try network.file.tensor("unet2.float64.y")) > 1e-6)
    }

    private struct Network {
        let file: SafetensorsFile
        let module: any Module
        let inputs: [String: Tensor]
        let evaluate: ([String: Tensor]) -> Tensor
    }

    /// The network that a case of the fixture is of, built from its `config.json`, and its inputs.
    private func load(_ name: String, as dtype: DType) throws -> Network {
        let file = try SafetensorsFile(fixture("stable-diffusion.safetensors"))
        struct Made: Decodable { let configurations: [String: Settings] }
        let made = try JSONDecoder().decode(Made.self, from: Data(try #require(file.metadata["made"]).utf8))
        let json = try JSONEncoder().encode(try #require(made.configurations[name]))
        func configuration<T: Decodable>(_ type: T.Type) throws -> T {
            try JSONDecoder().decode(type, from: json)
        }
        var stream = RandomStream(seed: 0, purpose: "parity")

        let module: any Module
        let evaluate: ([String: Tensor]) -> Tensor
        func input(_ inputs: [String: Tensor], _ name: String) -> Tensor { inputs[name] ?? .zeros([]) }
        if name.hasPrefix("unet") {
            let unet = UNet2DConditionModel(
                try configuration(UNet2DConditionConfiguration.self), initialisation: .zeros, from: &stream)
            module = unet
            evaluate = { unet(input($0, "x"), time: Tensor([7, 981]), context: input($0, "context")) }
        } else if name.hasPrefix("text") {
            let text = CLIPTextModel(
                try configuration(CLIPTextConfiguration.self), initialisation: .zeros, from: &stream)
            module = text
            evaluate = { text(input($0, "tokens")) }
        } else if name.hasPrefix("tiny") {
            let tiny = AutoencoderTiny(try configuration(AutoencoderTinyConfiguration.self), from: &stream)
            module = tiny
            evaluate = { name == "tiny-encoder" ? tiny.encode(input($0, "x")) : tiny.decode(input($0, "x")) }
        } else {
            let autoencoder = AutoencoderKL(
                try configuration(AutoencoderKLConfiguration.self), initialisation: .zeros, from: &stream)
            module = autoencoder
            evaluate = { inputs in
                guard name == "encoder" else { return autoencoder.decode(input(inputs, "x")) }
                let (mean, deviation) = autoencoder.distribution(of: input(inputs, "x"))
                return .concatenated([mean, deviation], dim: 1)
            }
        }
        module.convert(to: dtype)
        let weights = try file.tensors(under: "\(name).state.", as: dtype)
        try module.load(OrderedDictionary(uniqueKeysWithValues: weights.map { ($0, $1) }))
        var inputs: [String: Tensor] = [:]
        for input in name.hasPrefix("unet") ? ["x", "context"] : [name.hasPrefix("text") ? "tokens" : "x"] {
            let tensor = try file.tensor("\(name).\(input)")
            inputs[input] = tensor.dtype.isFloatingPoint ? tensor.to(dtype).cloned() : tensor
        }
        return Network(file: file, module: module, inputs: inputs, evaluate: evaluate)
    }
}

/// JSON of any kind.
private enum Settings: Codable {
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([Settings])
    case object([String: Settings])
    case null

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([Settings].self) {
            self = .list(list)
        } else {
            self = .object(try container.decode([String: Settings].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .flag(let flag): try container.encode(flag)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let list): try container.encode(list)
        case .object(let object): try container.encode(object)
        case .null: try container.encodeNil()
        }
    }
}
