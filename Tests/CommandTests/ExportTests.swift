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

    @Test("a generator in int8 is smaller, makes nearly the same images, and is for making images alone")
    func int8() throws {
        try Command.withFolder { dmd in
            let bundled = URL(filePath: #filePath)
                .appending(path: "../../../Sources/DMDKit/Resources/fashion-mnist-generator.safetensors")
                .standardizedFileURL
            let result = try dmd(
                "export", bundled.path, "--int8", "--tolerance", "0.05", "--out", "out/g.safetensors")
            #expect(result.status == 0, "\(result.errors)")
            #expect(
                result.output.hasPrefix(
                    "out/g.safetensors: a generator in int8\n  of the network 33 of 33 layers"))
            let sizes = try [bundled, dmd.url("out/g.safetensors")].map {
                try #require(try $0.resourceValues(forKeys: [.fileSizeKey]).fileSize)
            }
            #expect(sizes[1] * 2 < sizes[0])
            for (name, file) in [("a", bundled.path), ("b", "out/g.safetensors"), ("c", "out/g.safetensors")]
            {
                let batch = name == "c" ? "7" : "64"
                #expect(
                    try dmd("sample", "--weights", file, "--batch", batch, "--out", "\(name).png").status == 0
                )
            }
            let pixels = try ["a", "b", "c"].map { try Image(contentsOf: dmd.url("\($0).png")).pixels }
            let squares = zip(pixels[0], pixels[1]).reduce(0.0) { $0 + pow(Double($1.0) - Double($1.1), 2) }
            #expect((0.1..<5).contains((squares / Double(pixels[0].count)).squareRoot()))
            // Another batch rounds otherwise on the way, which whole numbers make a step of; by far less than int8 itself.
            let steps = zip(pixels[1], pixels[2]).map { pow(Double($0) - Double($1), 2) }
            #expect(steps.reduce(0, +) * 9 < squares)

            try save(network, as: "teacher", to: dmd.url("teacher.safetensors"))
            try saveGenerator(to: dmd.url("text"))
            try Data("ab c\n".utf8).write(to: dmd.url("prompts.txt"))
            for (arguments, sentence) in [
                (["export", "out/g.safetensors", "--int8", "--out", "x.safetensors"], "has weights in int8"),
                (["export", "out/g.safetensors", "--format", "onnx", "--out", "x"], "has weights in int8"),
                (["pairs", "--teacher", "out/g.safetensors", "--out", "x"], "has weights in int8"),
                (["distill", "--teacher", "out/g.safetensors", "--out", "x"], "has weights in int8"),
                (["export", "teacher.safetensors", "--int8", "--out", "x.safetensors"], "is a teacher"),
                (["export", bundled.path, "--int8", "--out", "x"], "give a name in .safetensors"),
                (
                    ["export", bundled.path, "--int8", "--tolerance", "0", "--out", "x.safetensors"],
                    "--tolerance is 0"
                ),
                (
                    ["export", bundled.path, "--int8", "--tolerance", "0.001", "--out", "x.safetensors"],
                    "no layer can take int8"
                ),
                (
                    ["export", bundled.path, "--int8", "--dtype", "float16", "--out", "x"],
                    "has no meaning with --int8"
                ),
                (["export", "text", "--tolerance", "0.1", "--out", "x"], "has no meaning with a format"),
                (["export", "text", "--int8", "--out", "x"], "--prompts are missing"),
                (
                    ["export", "text", "--int8", "--prompts", "prompts.txt", "--out", "."],
                    "that could be replaced"
                ),
                (
                    ["export", "out/g.safetensors", "--int8", "--out", "out/g.safetensors"],
                    "--out is the generator itself"
                ),
            ] {
                let result = try dmd.run(arguments)
                #expect(
                    result.status != 0 && result.errors.contains(sentence), "\(arguments): \(result.errors)")
                #expect(!dmd.exists("x") && !dmd.exists("x.safetensors"))
            }
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
