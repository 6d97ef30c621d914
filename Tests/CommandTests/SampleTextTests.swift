// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Foundation
import Images
import Models
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
