// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Export
import Foundation
import TestSupport
import Testing
import Torch

@Suite("A model of Stable Diffusion in one file", .serialized)
struct SingleFileCommandTests {
    /// Lends a folder with the model `sd` and the same as `files/model.safetensors`, and a way to run `dmd` with a home of its own.
    private func withModel(_ body: (Command, ([String]) throws -> Command.Result) throws -> Void) throws {
        try Command.withFolder { dmd in
            try saveTinyStableDiffusion(to: dmd.url("sd"))
            try FileManager.default.createDirectory(at: dmd.url("files"), withIntermediateDirectories: true)
            try writeSingleFile(of: dmd.url("sd"), to: dmd.url("files/model.safetensors"), dtype: .float32)
            try dmd.write(["ab c", "b"], to: "prompts.txt")
            let home = [
                "HOME": dmd.folder.path, "XDG_CACHE_HOME": dmd.url("cache").path,
                "XDG_DATA_HOME": dmd.url("data").path, "HF_HOME": dmd.url("hub").path,
            ]
            try body(dmd) { try dmd.run($0, environment: home) }
        }
    }

    private let file = "files/model.safetensors"

    @Test("is sampled as its folder is, by a tokenizer that is named or found")
    func sample() throws {
        try withModel { dmd, run in
            func sample(_ weights: String, _ out: String, _ options: String...) throws -> Command.Result {
                try run(
                    ["sample", "--weights", weights, "--prompt", "ab c", "--steps", "2", "--out", out]
                        + options)
            }
            let none = try sample(file, "none.png")
            #expect(none.status != 0 && none.errors.contains("give --tokenizer"), "\(none.errors)")
            #expect(none.errors.contains("clip-vit-large-patch14") && !dmd.exists("none.png"))
            #expect(try sample("sd", "folder.png").status == 0)
            let expected = try dmd.data("folder.png")

            let named = try sample(file, "named.png", "--tokenizer", "sd")
            #expect(named.status == 0 && named.errors.contains("becomes a folder once"), "\(named.errors)")
            #expect(try dmd.data("named.png") == expected)
            let again = try sample(file, "again.png", "--tokenizer", "sd")
            #expect(again.status == 0 && !again.errors.contains("becomes a folder once"))

            for place in [
                "files/tokenizer", "data/dmd/tokenizers/clip-vit-large-patch14",
                "hub/hub/models--openai--clip-vit-large-patch14/snapshots/abc",
            ] {
                let url = dmd.url(place)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try FileManager.default.copyItem(at: dmd.url("sd/tokenizer"), to: url)
                let found = try sample(file, "found.png")
                #expect(found.status == 0, "\(place): \(found.errors)")
                #expect(try dmd.data("found.png") == expected)
                try FileManager.default.removeItem(at: url)
            }
            // Another file of the same name is another model.
            try writeSingleFile(of: dmd.url("sd"), to: dmd.url(file), dtype: .float16)
            let changed = try sample(file, "changed.png", "--tokenizer", "sd")
            #expect(changed.status == 0 && changed.errors.contains("becomes a folder once"))

            let unused = try sample("sd", "unused.png", "--tokenizer", "sd")
            #expect(unused.status != 0 && unused.errors.contains("in one file"), "\(unused.errors)")
            let silent = try run(["sample", "--weights", file])
            #expect(silent.status != 0 && silent.errors.contains("give a prompt"), "\(silent.errors)")
        }
    }

    @Test("makes the pairs and has the scores that its folder makes and has")
    func otherCommands() throws {
        try withModel { dmd, run in
            func pairs(_ teacher: String, _ out: String, _ options: [String]) throws -> [String: Data] {
                let made = try run(
                    [
                        "pairs", "--teacher", teacher, "--prompts", "prompts.txt", "--guidance", "2",
                        "--count", "3",
                        "--steps", "2", "--out", out, "--prompt-vectors", "\(out)-vectors",
                    ] + options)
                #expect(made.status == 0, "\(made.errors)")
                let names = try dmd.url(out).contents.filter { $0.hasSuffix(".safetensors") }
                #expect(!names.isEmpty)
                return try Dictionary(uniqueKeysWithValues: names.map { ($0, try dmd.data("\(out)/\($0)")) })
            }
            let named = ["--tokenizer", "sd"]
            #expect(try pairs("sd", "a", []) == pairs(file, "b", named))

            func scores(_ subject: String, _ options: [String]) throws -> String {
                let judged = try run(
                    [
                        "evaluate", subject, "--against", subject, "--against-steps", "1", "--prompts",
                        "prompts.txt", "--count",
                        "8", "--steps",
                        "2", "--distance-only", "--features", "vgg16",
                    ] + options)
                #expect(judged.status == 0, "\(judged.errors)")
                let lines = judged.output.split(separator: "\n").filter { $0.contains("distance") }
                #expect(!lines.isEmpty)
                return lines.joined()
            }
            let expected = try scores("sd", [])
            #expect(try scores(file, named) == expected)
        }
    }
}
