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
            #expect(result.output == "out/half: a one-step generator in the format of diffusers, float16\n")
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

    @Test("more steps than one are refused")
    func steps() throws {
        try Command.withFolder { dmd in
            try saveGenerator(to: dmd.url("generator"))
            let result = try dmd("sample", "--weights", "generator", "--prompt", "a", "--steps", "4")
            #expect(result.status != 0)
            #expect(result.errors.contains("is a one-step generator and cannot take 4 steps: give 1"))
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

    private func saveGenerator(to folder: URL) throws {
        let unet = try loadUNet(folder: teacher.appending(path: "unet"))
        try saveOneStepModel(unet, teacher: teacher, to: folder, guidance: 3)
    }
}
