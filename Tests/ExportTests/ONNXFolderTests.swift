// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Encoders
import Export
import Files
import Foundation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("Folders of ONNX's models")
struct ONNXFolderTests {
    @Test("each part of a model of Stable Diffusion computes what it computed, at any size")
    func stableDiffusion() throws {
        try withGenerator { model, folder in
            try writeONNXFolder(ofModel: model, to: folder)
            let source = try StableDiffusion(folder: model)
            func run(_ part: String, _ inputs: [String: Tensor]) throws -> Tensor {
                let outputs = try ONNXProgram(folder.appending(path: "\(part)/model.onnx"))(inputs)
                return try #require(outputs.values.first)
            }
            var stream = RandomStream(seed: 1, purpose: "onnx")
            let (channels, width) = (
                source.unet.configuration.inChannels, source.unet.configuration.crossAttentionDim
            )
            try withoutGradients {
                for (count, height, wide, tokens) in [(1, 8, 8, 77), (3, 16, 8, 5)] {
                    let (x, context) = (
                        stream.normal([count, channels, height, wide]), stream.normal([count, tokens, width])
                    )
                    let expected = source.unet(x, time: .full([count], value: 999), context: context)
                    let found = try run(
                        "unet",
                        [
                            "sample": x, "timestep": Tensor(999, dtype: .int64),
                            "encoder_hidden_states": context,
                        ])
                    #expect(relativeDifference(found, expected) < 1e-5)
                    let scale = try OneStepContract(of: model).scalingFactor
                    let image = try run("vae_decoder", ["latent_sample": x * (1 / scale)])
                    #expect(relativeDifference(image, source.autoencoder.decode(x)) < 1e-5)
                }
                let prompts = source.promptEncoder.tokens(of: ["ab", "a"]).flatMap(\.tokens)
                let ids = Tensor(prompts.map(Int64.init), shape: [2, prompts.count / 2])
                #expect(
                    relativeDifference(
                        try run("text_encoder", ["input_ids": ids]), source.promptEncoder.network(ids)) < 1e-5
                )
            }
        }
    }

    @Test("the contract names the files, and an export replaces another export and nothing else")
    func folder() throws {
        try withGenerator { model, folder in
            for type in [DType.float32, .float16] {
                try writeONNXFolder(ofModel: model, to: folder, weightType: type)
                let contract = try OneStepContract(of: folder)
                try contract.checkWeights(in: folder)
                #expect(contract.weights.count == 6)
            }
            #expect(
                try SchedulerConfiguration(ofModel: folder) == SchedulerConfiguration(ofModel: model))
            #expect(throws: OneStepModelError.occupied(folder: model.path)) {
                try writeONNXFolder(ofModel: model, to: model)
            }
            let generator = Generator(ONNXTests.networks[1].makeDenoiser(seed: 0))
            #expect(throws: OneStepModelError.occupied(folder: model.path)) {
                try writeONNXFolder(of: generator, to: model)
            }
        }
    }

    @Test("a generator's example is what its model makes, until either changes")
    func example() throws {
        try withTemporaryFolder { folder in
            let folder = folder.appending(path: "onnx")
            try writeONNXFolder(
                of: Generator(ONNXTests.networks[1].makeDenoiser(seed: 0), levels: [999, 400]), to: folder)
            #expect(try ONNXExample(runIn: folder).isReproduced)
            let file = folder.appending(path: "example.safetensors")
            var example = try SafetensorsFile(file).all()
            example["image"] = try #require(example["image"]) + 0.01
            try SafetensorsFile.write(example, to: file)
            let changed = try ONNXExample(runIn: folder)
            #expect(!changed.isReproduced && abs(changed.difference - 0.01) < 1e-3)
        }
    }

    @Test("a damaged model ends with a sentence")
    func damage() throws {
        try withTemporaryFolder { parent in
            let folder = parent.appending(path: "onnx")
            try writeONNXFolder(of: Generator(ONNXTests.networks[1].makeDenoiser(seed: 0)), to: folder)
            let model = folder.appending(path: "model.onnx")
            let weights = folder.appending(path: "model.safetensors")
            let (whole, kept) = (try Data(contentsOf: model), try Data(contentsOf: weights))
            try kept.prefix(kept.count / 2).write(to: weights)
            #expect(throws: ONNXError.self) { try ONNXExample(runIn: folder) }
            try FileManager.default.removeItem(at: weights)
            #expect(throws: FileError.self) { try ONNXExample(runIn: folder) }
            try kept.write(to: weights)
            try Data("no model".utf8).write(to: model)
            #expect(throws: ONNXError.self) { try ONNXExample(runIn: folder) }
            // Any byte may be another; what then cannot be run is said, and nothing crashes.
            for position in stride(from: 0, to: whole.count, by: 97) {
                var damaged = whole
                damaged[position] ^= 0x15
                try damaged.write(to: model)
                _ = try? LibTorch.withErrors { try ONNXExample(runIn: folder) }
            }
        }
    }

    /// Lends the folder of a one-step generator, and a place beside it.
    private func withGenerator(_ body: (_ model: URL, _ folder: URL) throws -> Void) throws {
        try withTemporaryFolder { parent in
            let teacher = fixture("stable-diffusion")
            var stream = RandomStream(seed: 7, purpose: "generator")
            let unet = UNet2DConditionModel(
                try loadUNet(folder: teacher.appending(path: "unet")).configuration, from: &stream)
            let model = parent.appending(path: "generator")
            try saveOneStepModel(unet, teacher: teacher, to: model, guidance: 3)
            try body(model, parent.appending(path: "onnx"))
        }
    }
}
