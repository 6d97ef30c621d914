// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Export
import Files
import Foundation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("ONNX")
struct ONNXTests {
    /// Every architecture with all that its blocks have: changes of size, attention, another number of channels.
    static let networks: [UNetConfiguration] = UNetArchitecture.allCases.flatMap { arch in
        [0, 4].map { classes in
            var network = UNetConfiguration()
            network.arch = arch
            network.imgResolution = 8
            network.imgChannels = classes == 0 ? 1 : 3
            network.labelDim = classes
            network.modelChannels = 16
            network.channelMult = [1, 2]
            network.numBlocks = 1
            network.attnResolutions = [4]
            network.channelsPerHead = 16
            return network
        }
    }

    @Test(
        "a generator's model makes its images, of any batch and in any number of steps", arguments: networks,
        [[999], [999, 500, 250]])
    func generators(network: UNetConfiguration, levels: [Int]) throws {
        try withTemporaryFolder { folder in
            let generator = Generator(network.makeDenoiser(seed: 3), levels: levels)
            let file = folder.appending(path: "model.onnx")
            try ONNXModel(generator).write(to: file)
            let program = try ONNXProgram(file)
            for count in [1, 2, 5] {
                let (inputs, image) = example(of: generator, count: count)
                let found = try #require(try program(inputs)["image"])
                #expect(relativeDifference(found, image) < 1e-5, "\(count) images")
            }
            let contract = try JSONDecoder().decode(
                ONNXContract.self, from: Data(try #require(program.metadata["contract.json"]).utf8))
            #expect(contract.levels == levels && contract.classCount == network.labelDim)
            #expect(Set(program.inputs) == Set(example(of: generator, count: 1).inputs.keys))
        }
    }

    @Test("layers of many groups, long constants and masks keep their own numbers")
    func wide() throws {
        try withTemporaryFolder { folder in
            var stream = RandomStream(seed: 2, purpose: "wide")
            let (norm, file) = (GroupNorm(64, groups: 32, epsilon: 1e-5), folder.appending(path: "f.onnx"))
            let x = stream.normal([3, 64, 4, 4])
            func function(_ x: Tensor) -> Tensor {
                let tokens = norm.silu(norm(x)).flattened(from: 2)
                return .attention(query: tokens, key: tokens * 2, value: tokens, isCausal: true)
            }
            try ONNXModel(
                name: "f", inputs: [.reals("x", [.free("batch"), .fixed(64), .fixed(4), .fixed(4)])],
                outputs: ["y"]
            ) { [function($0[0])] }.write(to: file)
            let y = try #require(try ONNXProgram(file)(["x": x])["y"])
            #expect(relativeDifference(y, withoutGradients { function(x) }) < 1e-5)
        }
    }

    @Test("float16 halves the file, and changes images by its precision alone")
    func halves() throws {
        try withTemporaryFolder { folder in
            let generator = Generator(Self.networks[1].makeDenoiser(seed: 3))
            var sizes: [Int] = []
            for type in [DType.float32, .float16] {
                let file = folder.appending(path: "\(type).onnx")
                try ONNXModel(generator, weightType: type).write(to: file)
                let (inputs, image) = example(of: generator, count: 2)
                let found = try #require(try ONNXProgram(file)(inputs)["image"])
                let difference = relativeDifference(found, image)
                #expect(type == .float32 ? difference < 1e-5 : difference > 1e-5 && difference < 5e-3)
                let weights = folder.appending(path: "\(type).safetensors")
                sizes.append(try Data(contentsOf: weights).count)
            }
            #expect(Double(sizes[1]) < 0.6 * Double(sizes[0]))
        }
    }

    @Test("what cannot be said in ONNX is refused")
    func refusals() {
        func model(_ function: @escaping ([Tensor]) -> [Tensor]) throws(ONNXError) {
            _ = try ONNXModel(
                name: "f", inputs: [.reals("x", [.free("batch"), .fixed(3)])], outputs: ["y"], of: function)
        }
        #expect(throws: ONNXError.unsupported(name: "aten::flip")) {
            try model { [$0[0].flipped(dims: [1])] }
        }
        #expect(throws: ONNXError.dependsOnValues) {
            try model { [$0[0] * $0[0].selected(dim: 0, index: 0).selected(dim: 0, index: 0).item()] }
        }
        #expect(throws: ONNXError.dependsOnSize) {
            try model { [$0[0].shape[0] == 2 ? $0[0] * 2 : $0[0] * 3] }
        }
    }

    /// Inputs of a generator's model, and the images that they are to make.
    private func example(
        of generator: Generator<EDMDenoiser>, count: Int
    ) -> (inputs: [String: Tensor], image: Tensor) {
        let network = generator.network
        var stream = RandomStream(seed: 5, purpose: "example")
        let noise = generator.levels.map { _ in stream.normal([count] + network.sampleShape) }
        var inputs = ["z": noise[0]]
        for (step, noise) in noise.enumerated().dropFirst() { inputs["noise_\(step)"] = noise }
        var condition: Condition?
        if network.classCount > 0 {
            let labels = Tensor((0..<count).map { $0 % network.classCount })
            inputs["class_labels"] = labels
            condition = .classes(labels.oneHot(classCount: network.classCount).to(.float32))
        }
        return (inputs, withoutGradients { generator(noise[0], given: condition) { noise[$0] } })
    }
}
