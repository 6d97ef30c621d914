// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Foundation
import Images
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("Images of prompts", .serialized)
struct SampleTextTests {
    private let model = ["sample", "--weights", fixture("stable-diffusion").path]

    @Test("a picture names its prompt, its seed and its weights", arguments: ["1", "4"])
    func picture(steps: String) throws {
        try Command.withFolder { dmd in
            let result = try dmd.run(
                model + [
                    "--prompt", "ab c", "--seed", "7", "--steps", steps, "--out", "a.png", "--width", "24",
                ])
            #expect(result.status == 0, "\(result.errors)")
            let image = try Image(contentsOf: dmd.url("a.png"))
            #expect(image.width == 24 && image.height == 16 && image.channels == 3)
            let text = try Image.text(decoding: dmd.data("a.png"))
            #expect(text.map(\.key) == ["prompt", "seed", "weights"])
            let unet = try loadUNet(folder: fixture("stable-diffusion/unet"))
            #expect(text.map(\.value) == ["ab c", "7", fingerprint(of: unet.state)])
        }
    }

    @Test("the variant of the weights is chosen by name, and refused where there is none")
    func variant() throws {
        try Command.withFolder { dmd in
            try FileManager.default.copyItem(at: fixture("stable-diffusion"), to: dmd.url("sd"))
            let plain = dmd.url("sd/unet/diffusion_pytorch_model.safetensors")
            var tensors = try SafetensorsFile(plain).all()
            for name in tensors.keys { tensors[name] = tensors[name].map { $0 * 2 } }
            for name in ["ema", "non_ema"] {
                try SafetensorsFile.write(
                    tensors, to: dmd.url("sd/unet/diffusion_pytorch_model.\(name).safetensors"))
            }
            func sample(_ options: String...) throws -> Command.Result {
                try dmd.run(["sample", "--weights", "sd", "--prompt", "a", "--out", "a.png"] + options)
            }
            func network() throws -> String? { try Image.text(decoding: dmd.data("a.png")).last?.value }
            #expect(try sample().status == 0)
            let usual = try network()
            #expect(try sample("--variant", "ema").status == 0)
            #expect(try network() != usual)
            let none = try sample("--variant", "fp16")
            #expect(none.status != 0 && none.errors.contains("cannot be used in the variant 'fp16'"))
            try FileManager.default.removeItem(at: plain)
            let several = try sample()
            #expect(several.status != 0 && several.errors.contains("choose one (--variant of dmd"))
            let file = try dmd("sample", "--weights", "teacher.safetensors", "--variant", "ema")
            #expect(file.status != 0 && file.errors.contains("--variant"))
            for command in ["pairs", "distill"] {
                let refused = try dmd(command, "--teacher", "teacher.safetensors", "--variant", "ema")
                #expect(
                    refused.status != 0
                        && refused.errors.contains("--variant belongs to a teacher that is a folder"),
                    "\(refused.errors)")
            }
            for arguments in [["evaluate", "teacher.safetensors"], ["reference", "teacher.safetensors"]] {
                let refused = try dmd.run(arguments + ["--variant", "ema"])
                #expect(
                    refused.status != 0 && refused.errors.contains("--variant is 'ema', of which"),
                    "\(refused.errors)")
            }
        }
    }

    @Test("several prompts make a sheet, whatever the batch")
    func sheet() throws {
        try Command.withFolder { dmd in
            for batch in ["1", "2"] {
                let result = try dmd.run(
                    model + [
                        "--prompt", "ab", "--prompt", "c", "--count", "3", "--batch", batch, "--out",
                        "\(batch).png",
                    ])
                #expect(result.status == 0, "\(result.errors)")
            }
            let (one, two) = (
                try Image(contentsOf: dmd.url("1.png")), try Image(contentsOf: dmd.url("2.png"))
            )
            #expect(one.width == 3 * 18 + 2 && one.height == 2 * 18 + 2)
            let difference = zip(one.pixels, two.pixels).map { abs(Int($0) - Int($1)) }.max()
            #expect(try #require(difference) <= 1)
        }
    }

    @Test("prompts of a file take turns, few and many", arguments: [3, 300])
    func promptFile(lines: Int) throws {
        try Command.withFolder { dmd in
            let prompts = ["ab c", "c", "b a"]
            let all = (0..<lines).map { prompts[$0 % 3] }
            try Data(all.joined(separator: "\n").utf8).write(to: dmd.url("prompts.txt"))
            func sample(_ out: String, _ options: String...) throws {
                let result = try dmd.run(model + ["--seed", "3", "--steps", "2", "--out", out] + options)
                #expect(result.status == 0, "\(result.errors)")
            }
            try sample("turns", "--prompts", "prompts.txt", "--count", "5", "--batch", "2")
            for (number, prompt) in prompts.enumerated() {
                try sample("\(number)", "--prompt", prompt, "--count", "5")
            }
            for image in 0..<5 {
                let number = image % 3
                let words = prompts[number].replacing(" ", with: "-")
                let name = "00000\(image)-\(words).png"
                #expect(try dmd.data("turns/\(name)") == dmd.data("\(number)/\(name)"))
            }
            guard lines == 3 else { return }
            try sample("one-each", "--prompts", "prompts.txt")
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: dmd.url("one-each").path).filter {
                    $0.hasSuffix("png")
                }.count == 3)
        }
    }

    @Test("a prompt that is too long is cut with a warning")
    func longPrompt() throws {
        try Command.withFolder { dmd in
            let result = try dmd.run(model + ["--prompt", "abcdefgh", "--out", "a.png"])
            #expect(result.status == 0)
            #expect(result.errors.contains("is too long: its last 3 tokens are ignored."))
        }
    }

    @Test("sizes and steps that cannot be are refused")
    func refusals() throws {
        try Command.withFolder { dmd in
            let size = try dmd.run(model + ["--prompt", "a", "--height", "10"])
            #expect(size.status != 0 && size.errors.contains("multiples of 4"))
            let steps = try dmd.run(model + ["--prompt", "a", "--steps", "1000"])
            #expect(steps.status != 0 && steps.errors.contains("give from 1 to 999"))
            for guidance in ["nan", "0.5", "inf"] {
                let result = try dmd.run(model + ["--prompt", "a", "--guidance", guidance])
                #expect(result.status != 0 && result.errors.contains("give at least 1"), "\(result)")
            }
            let decoder = try dmd.run(model + ["--prompt", "a", "--tiny-decoder", "nowhere"])
            #expect(decoder.status != 0 && decoder.errors.contains("nowhere/config.json cannot be read"))
        }
    }
}
