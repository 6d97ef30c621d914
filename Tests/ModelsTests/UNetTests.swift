// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("U-Nets")
struct UNetTests {
    @Test(
        "tensors have the names, shapes and order of the published checkpoints",
        arguments: [
            ("cifar10-cond-vp", UNetConfiguration.cifar10Conditional(), 55_735_299),
            ("cifar10-uncond-vp", .cifar10Unconditional(), 55_733_891),
            ("cifar10-cond-ve", .cifar10Conditional(.ncsnpp), 56_400_643),
            ("cifar10-uncond-ve", .cifar10Unconditional(.ncsnpp), 56_397_827),
            ("ffhq64-uncond-vp", .faces64(), 61_805_571),
            ("ffhq64-uncond-ve", .faces64(.ncsnpp), 62_761_091),
            ("imagenet64-cond-adm", .imageNet64, 295_899_267),
        ])
    func keys(name: String, configuration: UNetConfiguration, parameterCount: Int) throws {
        let list = try String(contentsOf: fixture("keys/\(name).txt"), encoding: .utf8)
        let denoiser = configuration.makeDenoiser(seed: 0)
        let found = denoiser.state.map { "\($0.key)\t\($0.value.shape)" }
        #expect(found == list.split(separator: "\n").map(String.init))
        #expect(denoiser.parameterCount == parameterCount)
        #expect(try UNetConfiguration(inferredFrom: denoiser.state.mapValues(\.shape)) == configuration)
    }

    @Test("the network for Fashion-MNIST halves 28 twice")
    func fashionMNIST() {
        let denoiser = UNetConfiguration.fashionMNIST.makeDenoiser(seed: 0)
        #expect(denoiser.parameterCount == 317_297)
        #expect(denoiser.state.keys.contains("model.enc.7x7_block0.qkv.weight"))
        #expect(!denoiser.state.keys.contains("model.enc.14x14_block0.qkv.weight"))
        #expect(denoiser.sampleShape == [1, 28, 28] && denoiser.classCount == 10)
        let x = Tensor.ones([2, 1, 28, 28])
        #expect(denoiser(x, at: denoiser.schedule.level(at: Tensor([0, 999]))).shape == x.shape)
    }

    @Test("every network computes in bfloat16 all through", arguments: UNetArchitecture.allCases)
    func bfloat16(arch: UNetArchitecture) {
        var network = UNetConfiguration.fashionMNIST
        network.arch = arch
        network.channelsPerHead = 32
        let denoiser = network.makeDenoiser(seed: 3)
        var stream = RandomStream(seed: 4, purpose: "network test")
        for (path, tensor) in denoiser.parameters where path.hasSuffix("weight") && tensor.rank > 1 {
            let fanIn = Double(tensor.count / tensor.shape[0])
            tensor.copy(from: stream.normal(tensor.shape) / fanIn.squareRoot())
        }
        let x = stream.normal([2, 1, 28, 28])
        let noise = stream.normal([2])
        let labels = Tensor([1, 2]).oneHot(classCount: 10).to(.float32)
        let precise = withoutGradients { denoiser.model(x, noise: noise, classes: labels) }
        let rounded = withoutGradients { denoiser.model(x.to(.bfloat16), noise: noise, classes: labels) }
        #expect(rounded.dtype == .bfloat16)
        let error = (rounded.to(.float32) - precise).norm().item() / precise.norm().item()
        #expect(error > 0 && error < 0.05, "\(error)")
    }

    @Test("new weights come from the seed alone, and leave the residual branches almost absent")
    func initialisation() {
        func weights(_ seed: UInt64) -> [String: [Float]] {
            let state = UNetConfiguration.fashionMNIST.makeDenoiser(seed: seed).state
            return .init(uniqueKeysWithValues: state.map { ($0, $1.array()) })
        }
        let first = weights(5)
        #expect(first == weights(5))
        #expect(first != weights(6))
        func largest(_ name: String) -> Double {
            Double(first["model.\(name)", default: []].map(abs).max() ?? -1)
        }
        func bound(_ fanIn: Int, _ fanOut: Int) -> Double { (6 / Double(fanIn + fanOut)).squareRoot() }
        for (name, expected) in [
            ("map_label.weight", bound(10, 16)), ("enc.28x28_block0.conv0.weight", bound(9 * 16, 9 * 16)),
            ("enc.28x28_block0.conv1.weight", 1e-5 * bound(9 * 16, 9 * 16)),
            ("enc.7x7_block0.qkv.weight", 0.2.squareRoot() * bound(32, 96)),
            ("enc.7x7_block0.proj.weight", 1e-5 * bound(32, 32)),
            ("dec.28x28_aux_conv.weight", 1e-5 * bound(9 * 16, 9)),
        ] {
            #expect((0.95 * expected...expected * 1.000001).contains(largest(name)), "\(name)")
        }
        #expect(largest("enc.28x28_conv.bias") == 0)
    }

    @Test(
        "the denoiser and its gradients are the reference's",
        arguments: [(DType.float64, 1e-6), (.float32, 2e-5)])
    func parity(dtype: DType, tolerance: Double) throws {
        let file = try SafetensorsFile(fixture("denoiser.safetensors"))
        let expected = try file.tensors(under: "\(dtype).", as: dtype)
        let found = try evaluate(fixtureDenoiser(as: dtype), on: file, dtype)
        #expect(differences(found, from: expected, tolerance: tolerance) == [])
    }

    @Test("a single wrong weight shows", arguments: ["enc.6x6_down.conv0.bias", "dec.3x3_in0.qkv.weight"])
    func corruption(name: String) throws {
        let file = try SafetensorsFile(fixture("denoiser.safetensors"))
        let denoiser = try fixtureDenoiser(as: .float64)
        let weight = try #require(denoiser.state["model.\(name)"])
        var values = weight.array(as: Double.self)
        values[1] += 0.1
        weight.copy(from: Tensor(values, shape: weight.shape))
        let found = try #require(evaluate(denoiser, on: file, .float64)["y"])
        #expect(relativeDifference(found, try file.tensor("float64.y")) > 1e-5)
    }

    @Test(
        "sizes that make no network are refused by name",
        arguments: [
            ("imgResolution", 30), ("imgChannels", 0), ("labelDim", -1), ("augmentDim", -1),
            ("modelChannels", 33),
            ("channelMultEmb", 0), ("numBlocks", 0),
        ])
    func validation(key: String, value: Int) throws {
        let keys: [String: WritableKeyPath<UNetConfiguration, Int>] = [
            "imgResolution": \.imgResolution, "imgChannels": \.imgChannels, "labelDim": \.labelDim,
            "augmentDim": \.augmentDim, "modelChannels": \.modelChannels, "channelMultEmb": \.channelMultEmb,
            "numBlocks": \.numBlocks,
        ]
        var configuration = UNetConfiguration.fashionMNIST
        try configuration.validate()
        configuration[keyPath: try #require(keys[key])] = value
        let error = try #require(throws: UNetConfigurationError.self) { try configuration.validate() }
        #expect(error.key == key && error.description.contains("`\(key)` is \(value)"))
    }

    /// All that the fixture holds of a network: outputs with and without classes, and the gradients of `sum(v y)`.
    private func evaluate(_ denoiser: EDMDenoiser, on file: SafetensorsFile, _ dtype: DType) throws
        -> [String: Tensor]
    {
        let x = try file.tensor("x").to(dtype).cloned()
        let level = NoiseLevel(sigma: try file.tensor("sigma").to(dtype))
        denoiser.setRequiresGrad(true)
        x.setRequiresGrad(true)

        let y = denoiser(x, at: level, given: .classes(try file.tensor("labels").to(dtype)))
        let parameters = denoiser.parameters
        let slopes = gradients(of: (try file.tensor("v").to(dtype) * y).sum(), with: [x] + parameters.values)
        var found = ["y": y.detached(), "gradient.x": slopes[0]]
        for (name, slope) in zip(parameters.keys, slopes.dropFirst()) { found["gradient.\(name)"] = slope }
        found["y_without_labels"] = withoutGradients { denoiser(x, at: level) }
        return found
    }
}
