// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Export
import Foundation
import Images
import Models
import TestSupport
import Testing
import Torch
import Weights

@Suite("Export of one-step generators", .serialized)
struct ExportTests {
    private let teacher = fixture("stable-diffusion")

    @Test("a generator becomes a folder of another type, with an example that its images are like")
    func diffusers() throws {
        try Command.withFolder { dmd in
            try saveGenerator(to: dmd.url("generator"))
            let result = try dmd(
                "export", "generator", "--out", "out/half", "--dtype", "float16", "--example", "ab c")
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output == "out/half: a generator in the format of diffusers, float16\n")
            let example = try SafetensorsFile(dmd.url("out/half/example.safetensors"))
            #expect(example.metadata == ["prompt": "ab c"])

            let sampled = try dmd(
                "sample", "--generator", "out/half", "--prompt", "ab c", "--out", "a.png")
            #expect(sampled.status == 0, "\(sampled.errors)")
            let image = Image(tensor: try example.tensor("image").selected(dim: 0, index: 0))
            let found = try Image(contentsOf: dmd.url("a.png"))
            let difference = zip(image.pixels, found.pixels).map { abs(Int($0) - Int($1)) }.max()
            #expect(try #require(difference) <= 1)
        }
    }

    @Test("a generator becomes a model of ONNX, which verify runs; a damaged one does not pass")
    func onnx() throws {
        try Command.withFolder { dmd in
            try save(network, as: "generator", levels: "[999, 400]", to: dmd.url("generator.safetensors"))
            let result = try dmd("export", "generator.safetensors", "--format", "onnx", "--out", "onnx")
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output == "onnx: a generator in the format of onnx, float32\n")
            let verified = try dmd("verify", "onnx")
            #expect(verified.status == 0 && verified.output.hasPrefix("The example is reproduced"))

            try save(network, as: "generator", seed: 1, to: dmd.url("other.safetensors"))
            #expect(try dmd("export", "other.safetensors", "--format", "onnx", "--out", "other").status == 0)
            for file in ["model.onnx", "model.safetensors"] {
                try FileManager.default.removeItem(at: dmd.url("onnx/\(file)"))
                try FileManager.default.copyItem(at: dmd.url("other/\(file)"), to: dmd.url("onnx/\(file)"))
            }
            let changed = try dmd("verify", "onnx")
            #expect(changed.status == 1 && changed.output.hasPrefix("The example is not reproduced"))

            try saveGenerator(to: dmd.url("text"))
            let text = try dmd(
                "export", "text", "--format", "onnx", "--out", "text-onnx", "--dtype", "float16")
            #expect(text.status == 0, "\(text.errors)")
            #expect(try dmd("verify", "text-onnx").output == "All 6 files have the sums of contract.json.\n")
        }
    }

    @Test("what does not become ONNX is refused in a sentence, and nothing is written")
    func onnxRefusals() throws {
        try Command.withFolder { dmd in
            try save(network, as: "generator", to: dmd.url("generator.safetensors"))
            try save(network, as: "teacher", to: dmd.url("teacher.safetensors"))
            for (arguments, sentence) in [
                (["teacher.safetensors"], "is a teacher, which takes many steps: distil it first"),
                (["nowhere.safetensors"], "nowhere.safetensors"),
                (["generator.safetensors", "--dtype", "bfloat16"], "is bfloat16, which few engines"),
                (["generator.safetensors", "--example", "a"], "is for the format diffusers"),
                (["generator.safetensors", "--out", "."], "is no exported generator that could be replaced"),
                ([teacher.path], "since it has no contract.json"),
            ] {
                let out = arguments.contains("--out") ? [] : ["--out", "onnx"]
                let result = try dmd.run(["export"] + arguments + ["--format", "onnx"] + out)
                #expect(result.status != 0 && result.errors.contains(sentence), "\(result.errors)")
                #expect(!dmd.exists("onnx"))
            }
            let verified = try dmd("verify", ".")
            #expect(verified.status != 0 && verified.errors.contains("is no exported generator"))
        }
    }

    @Test("more steps than one are refused")
    func steps() throws {
        try Command.withFolder { dmd in
            try saveGenerator(to: dmd.url("generator"))
            let result = try dmd("sample", "--weights", "generator", "--prompt", "a", "--steps", "4")
            #expect(result.status != 0)
            #expect(result.errors.contains("is a generator of one step and cannot take 4: give 1,"))
        }
    }

    @Test("what is no generator, and where something is, are refused")
    func refusals() throws {
        try Command.withFolder { dmd in
            let plain = try dmd("export", teacher.path, "--out", "out")
            #expect(
                plain.status != 0 && plain.errors.contains("since it has no contract.json: distil the model"))
            try saveGenerator(to: dmd.url("generator"))
            let occupied = try dmd("export", "generator", "--out", ".")
            #expect(
                occupied.status != 0
                    && occupied.errors.contains("that could be replaced: name another folder"))
            let missing = try dmd("export", "nowhere", "--out", "out")
            #expect(missing.status != 0 && missing.errors.contains("nowhere is no one-step generator"))
            #expect(!dmd.exists("out"))
        }
    }

    private var network: UNetConfiguration {
        var network = UNetConfiguration()
        (network.imgResolution, network.imgChannels, network.labelDim) = (8, 1, 3)
        (network.modelChannels, network.channelMult, network.numBlocks) = (8, [1, 2], 1)
        network.attnResolutions = []
        return network
    }

    private func save(
        _ network: UNetConfiguration, as role: String, seed: UInt64 = 0, levels: String? = nil, to file: URL
    ) throws {
        var metadata = ["dmd.role": role]
        metadata["dmd.levels"] = levels
        try saveDenoiser(network.makeDenoiser(seed: seed), to: file, metadata: metadata)
    }

    private func saveGenerator(to folder: URL) throws {
        let unet = try loadUNet(folder: teacher.appending(path: "unet"))
        try saveOneStepModel(unet, teacher: teacher, to: folder, guidance: 3)
    }
}
