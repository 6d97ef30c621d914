// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Images
import Models
import TestSupport
import Testing

@Suite("Evaluation", .serialized)
struct EvaluationTests {
    private let network = [
        "--features", "vgg16", "--feature-weights", Command.lpips, "--lpips", Command.lpips,
    ]

    private func evaluate(_ dmd: Command, _ arguments: String..., card: String = "card.json") throws
        -> Command.Result
    {
        try dmd.run(["evaluate"] + arguments + ["--card", card] + network)
    }

    private func scores(_ dmd: Command, _ card: String = "card.json") throws -> [String: Double] {
        let object = try JSONSerialization.jsonObject(with: dmd.data(card)) as? [String: Any]
        let scores = try #require(object?["scores"] as? [[String: Any]])
        return try Dictionary(
            uniqueKeysWithValues: scores.map {
                (try #require($0["name"] as? String), try #require($0["value"] as? Double))
            })
    }

    @Test("images that are smaller than the features' network takes are refused")
    func small() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            let made = try evaluate(dmd, "images", "--against", "images", "--size", "8")
            #expect(
                made.status != 0 && made.errors.contains("8 x 8, and vgg16 takes 16 pixels or more a side"),
                "\(made.errors)")
        }
    }

    @Test(
        "models of images that are too small for LPIPS are judged without it, and distilled where they are enlarged"
    )
    func smallModel() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            var network = tinyNetwork
            network.imgResolution = 8
            try saveDenoiser(network.makeDenoiser(seed: 1), to: dmd.url("small.safetensors"))
            let efficientNet = URL(filePath: Command.lpips).deletingLastPathComponent().appending(
                path: "efficientnet-lite0.pth")
            let arguments = [
                "evaluate", "small.safetensors", "--against", "images", "--count", "24", "--feature-weights",
                efficientNet.path, "--lpips", Command.lpips, "--card", "card.json",
            ]
            let judged = try dmd.run(arguments)
            #expect(judged.status == 0, "\(judged.errors)")
            let scores = try scores(dmd)
            #expect(scores["recall"] != nil && scores["intraClassLPIPS"] == nil)
            let same = try dmd.run(arguments + ["--teacher", "small.safetensors"])
            #expect(
                same.status == 1 && same.errors.contains("LPIPS takes images of 16 pixels or more a side"))
            let distill = [
                "distill", "--teacher", "small.safetensors", "--out", "run", "--lpips", Command.lpips,
            ]
            let refused = try dmd.run(distill)
            #expect(
                refused.errors.contains("lpips-resize")
                    || refused.errors.contains(
                        "lpipsResize is missing, which LPIPS needs for images of 8 x 8 pixels"),
                "\(refused.errors)")
            #expect(refused.status != 0 && !FileManager.default.fileExists(atPath: dmd.url("run/pairs").path))
        }
    }

    @Test("a model against images gives a card that verifies, until a file is another")
    func card() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            let made = try evaluate(
                dmd, "teacher.safetensors", "--against", "images", "--count", "24", "--teacher",
                "teacher.safetensors", "--teacher-steps", "1", "--seeds", "2")
            #expect(made.status == 0, "\(made.errors)")
            #expect(made.errors.contains("no more than the 512 features"), "\(made.errors)")
            let scores = try scores(dmd)
            #expect(scores["sameNoiseLPIPS"] == 0)
            for name in [
                "frechetDistance", "kernelDistance", "precision", "recall", "density", "coverage",
                "brightnessDrift", "contrastDrift", "saturationDrift", "intraClassLPIPS",
            ] {
                #expect(scores[name]?.isFinite == true, "\(name)")
            }
            let same = try dmd.run(["verify", "card.json"])
            #expect(same.status == 0 && same.output.contains("All 11 scores are reproduced"), "\(same)")

            var text = String(decoding: try dmd.data("card.json"), as: UTF8.self)
            let distance = try #require(scores["frechetDistance"])
            text = text.replacing("\(distance)", with: "\(distance * 2 + 9)")
            try Data(text.utf8).write(to: dmd.url("false.json"))
            let wrong = try dmd.run(["verify", "false.json"])
            #expect(wrong.status == 1 && wrong.output.contains("differs"), "\(wrong)")

            try Image(width: 16, height: 16, channels: 1, level: 9).write(to: dmd.url("images/0/0.png"))
            let images = try dmd.run(["verify", "card.json"])
            #expect(images.status != 0 && images.errors.contains("images is not what card.json"), "\(images)")
            try saveDenoiser(tinyNetwork.makeDenoiser(seed: 9), to: dmd.url("teacher.safetensors"))
            let weights = try dmd.run(["verify", "card.json"])
            #expect(
                weights.status != 0 && weights.errors.contains("teacher.safetensors is not what card.json"),
                "\(weights)")
        }
    }

    @Test("saved statistics stand for the images that they are of")
    func reference() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            let saved = try dmd.run(["reference", "images", "--out", "images.npz"] + network.prefix(4))
            #expect(saved.status == 0 && saved.output.contains("24 images"), "\(saved)")
            #expect(try dmd.run(["reference", "images.npz"]).output == saved.output)
            #expect(
                try evaluate(dmd, "teacher.safetensors", "--against", "images.npz", "--count", "24").status
                    == 0)
            let distance = try scores(dmd)["frechetDistance"]
            #expect(
                try evaluate(
                    dmd, "teacher.safetensors", "--against", "images", "--count", "24", "--distance-only"
                ).status == 0)
            let direct = try #require(try scores(dmd)["frechetDistance"])
            #expect(abs(try #require(distance) / direct - 1) < 1e-9)
            #expect(try evaluate(dmd, "images.npz", "--against", "images.npz").status == 0)
            #expect(abs(try #require(try scores(dmd)["frechetDistance"])) < 1e-6)
        }
    }

    @Test("goes on after Ctrl-C with what it has")
    func interruption() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            let arguments =
                [
                    "evaluate", "teacher.safetensors", "--against", "images", "--count", "3000", "--steps",
                    "4",
                    "--card", "card.json", "--threads", "1",
                ] + network
            let halted = try dmd.run(arguments, interruptAfter: 1)
            #expect(halted.status == 130 && dmd.exists("card.json.unfinished"), "\(halted)")
            #expect(!dmd.exists("card.json"))
            let rest = try dmd.run(arguments)
            #expect(rest.status == 0 && !dmd.exists("card.json.unfinished"), "\(rest.errors)")
            let first = try scores(dmd)
            #expect(try dmd.run(arguments).status == 0)
            #expect(try scores(dmd) == first)
        }
    }

    @Test("how well images fit their prompts goes on the card, and verifies")
    func prompts() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            try dmd.writeCLIP()
            func score(_ prompts: [String]) throws -> Double {
                try dmd.write(prompts, to: "prompts.txt")
                let result = try evaluate(
                    dmd, "images", "--against", "images", "--prompts", "prompts.txt", "--clip", "clip")
                #expect(result.status == 0 && result.output.contains("CLIP score"), "\(result)")
                return try #require(try scores(dmd)["clipScore"])
            }
            let prompts = (0..<8).map { "prompt \($0)" }
            let repeated = try score(prompts + prompts + prompts)
            #expect(try score(prompts.reversed()) != repeated)
            #expect(try score(prompts) == repeated)
            let same = try dmd.run(["verify", "card.json"])
            #expect(same.status == 0 && same.output.contains("CLIP score"), "\(same)")

            try dmd.write(prompts.reversed(), to: "prompts.txt")
            let other = try dmd.run(["verify", "card.json"])
            #expect(
                other.status != 0 && other.errors.contains("prompts.txt is not what card.json"), "\(other)")
            try dmd.write(prompts, to: "elsewhere.txt")
            try Data("{}".utf8).write(to: dmd.url("clip/special_tokens_map.json"))
            let model = try dmd.run(["verify", "card.json", "--prompts", "elsewhere.txt"])
            #expect(model.status != 0 && model.errors.contains("clip is not what card.json"), "\(model)")
        }
    }

    @Test("a model of text makes images of prompts, and its card verifies")
    func textModel() throws {
        try Command.withFolder { dmd in
            try dmd.writeCLIP()
            try FileManager.default.copyItem(at: fixture("stable-diffusion"), to: dmd.url("model"))
            try dmd.write(["ab", "c", "ba"], to: "prompts.txt")
            func evaluate(_ guidance: String) throws -> [String: Double] {
                let result = try self.evaluate(
                    dmd, "model", "--steps", "1", "--against", "model", "--against-steps", "3", "--count",
                    "8",
                    "--prompts", "prompts.txt", "--guidance", guidance, "--clip", "clip", "--teacher",
                    "model",
                    "--teacher-steps", "1")
                #expect(result.status == 0, "\(result.errors)")
                return try scores(dmd)
            }
            let (weak, strong) = (try evaluate("1"), try evaluate("9"))
            #expect(weak["sameNoiseLPIPS"] == 0 && weak["clipScore"] == strong["clipScore"])
            #expect(weak["frechetDistance"] != strong["frechetDistance"])
            let same = try dmd.run(["verify", "card.json"])
            #expect(same.status == 0 && same.output.contains("CLIP score"), "\(same)")

            let saved = try dmd.run(
                [
                    "reference", "model", "--steps", "3", "--guidance", "9", "--count", "8", "--prompts",
                    "prompts.txt", "--out", "model.npz",
                ] + network.prefix(4))
            #expect(saved.status == 0, "\(saved.errors)")
            _ = try self.evaluate(
                dmd, "model", "--steps", "1", "--against", "model.npz", "--count", "8", "--prompts",
                "prompts.txt")
            #expect(try scores(dmd)["frechetDistance"] == strong["frechetDistance"])

            try FileManager.default.createDirectory(at: dmd.url("set"), withIntermediateDirectories: true)
            for level in [20, 40] as [UInt8] {
                try Image(width: 16, height: 16, channels: 3, level: level).write(
                    to: dmd.url("set/\(level).png"))
            }
            let set = try self.evaluate(
                dmd, "set", "--against", "model", "--count", "8", "--prompts", "prompts.txt", card: "set.json"
            )
            #expect(set.status == 0, "\(set.errors)")

            let scheduler = dmd.url("model/scheduler/scheduler_config.json")
            try (Data(contentsOf: scheduler) + Data("\n".utf8)).write(to: scheduler)
            let changed = try dmd.run(["verify", "card.json"])
            #expect(changed.status != 0 && changed.errors.contains("model is not what"), "\(changed)")
            let silent = try self.evaluate(
                dmd, "model", "--steps", "1", "--against", "model.npz", card: "none.json")
            #expect(
                silent.status != 0
                    && silent.errors.contains(
                        "--prompts is missing, which model needs to make images: name a file of prompts"),
                "\(silent)")
        }
    }

    @Test("scores of prompts go on after Ctrl-C")
    func interruptedPrompts() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            try dmd.writeCLIP()
            #expect(
                try dmd.run(["reference", "images", "--out", "images.npz"] + network.prefix(4)).status == 0)
            try FileManager.default.createDirectory(at: dmd.url("many"), withIntermediateDirectories: true)
            for number in 100..<400 {
                let image = Image(width: 64, height: 64, channels: 1, level: UInt8(number / 2))
                try image.write(to: dmd.url("many/\(number).png"))
            }
            try dmd.write((0..<300).map { "prompt \($0)" }, to: "prompts.txt")
            let arguments =
                [
                    "evaluate", "many", "--against", "images.npz", "--prompts", "prompts.txt", "--clip",
                    "clip",
                    "--card", "card.json", "--threads", "1",
                ] + network
            let halted = try dmd.run(arguments, interruptAfter: 1)
            #expect(halted.status == 130 && dmd.exists("card.json.unfinished"), "\(halted)")
            #expect(try dmd.run(arguments).status == 0)
            let first = try scores(dmd)
            #expect(first["clipScore"] != nil)
            #expect(try dmd.run(arguments).status == 0)
            #expect(try scores(dmd) == first)
        }
    }

    @Test("says which prompts and models do not fit")
    func unfitPrompts() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            try dmd.writeCLIP()
            try dmd.write((0..<7).map { "prompt \($0)" }, to: "seven.txt")
            try dmd.write((0..<48).map { "prompt \($0)" }, to: "many.txt")
            try dmd.write(["a", "b"], to: "two.txt")
            let cases: [([String], String)] = [
                (
                    ["images", "--prompts", "two.txt"],
                    "--prompts needs --clip: name the folder of a CLIP model"
                ),
                (["images", "--clip", "clip"], "--clip needs --prompts: name the file of the prompts"),
                (["images", "--prompt-column", "text"], "--prompt-column needs --prompts: name the file"),
                (
                    ["teacher.safetensors", "--prompts", "two.txt", "--clip", "clip"],
                    "--prompts does not belong to teacher.safetensors, which makes no images of prompts and is no set of "
                        + "images that were made from some: judge a folder of Stable Diffusion or of images"
                ),
                (
                    ["images", "--prompts", "seven.txt", "--clip", "clip"],
                    "images has 24 images and seven.txt 7 prompts, so that images are missing or the prompts are others: "
                        + "give as many images as prompts, or a multiple."
                ),
                (
                    ["images", "--prompts", "many.txt", "--clip", "clip"],
                    "images has 24 images and many.txt 48 prompts"
                ),
                (["images", "--prompts", "none.txt", "--clip", "clip"], "none.txt cannot be read"),
                (
                    ["images", "--prompts", "two.txt", "--clip", "images"],
                    "images holds neither vocab.json and merges.txt"
                ),
            ]
            for (arguments, words) in cases {
                let result = try dmd.run(
                    ["evaluate"] + arguments + ["--against", "images", "--card", "card.json"] + network)
                #expect(result.status != 0 && result.errors.contains(words), "\(arguments): \(result)")
                #expect(!dmd.exists("card.json"))
            }
        }
    }

    @Test("unreadable images are all named, and counted")
    func unreadable() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            for name in ["1/3.png", "2/5.png"] {
                let file = dmd.url("images/\(name)")
                try Data(contentsOf: file).prefix(60).write(to: file)
            }
            let result = try evaluate(dmd, "teacher.safetensors", "--against", "images", "--count", "24")
            #expect(result.status != 0 && result.errors.contains("2 of 24 images"), "\(result.errors)")
            #expect(result.errors.contains("1/3.png") && result.errors.contains("2/5.png"))
            #expect(!dmd.exists("card.json"))
        }
    }

    @Test("says what does not compare")
    func incomparable() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            try FileManager.default.createDirectory(at: dmd.url("empty"), withIntermediateDirectories: true)
            try FileManager.default.createDirectory(at: dmd.url("colour"), withIntermediateDirectories: true)
            for number in 0..<2 {
                try Image(width: 16, height: 16, channels: 3, level: 7).write(
                    to: dmd.url("colour/\(number).png"))
            }
            try Data("{}".utf8).write(to: dmd.url("other.json"))
            let cases: [([String], String)] = [
                (["evaluate", "teacher.safetensors", "--against", "empty"] + network, "empty"),
                (["evaluate", "colour", "--against", "images"] + network, "3 channels"),
                (["evaluate", "teacher.safetensors", "--against", "colour"] + network, "3 channels"),
                (["evaluate", "images", "--against", "none.npz"] + network, "none.npz"),
                (
                    ["evaluate", "images", "--against", "images", "--features", "vgg19"],
                    "--features is vgg19"
                ),
                (
                    ["evaluate", "images", "--against", "images", "--features", "inception"],
                    "pt_inception-2015-12-05-6726825d.pth"
                ),
                (["verify", "none.json"], "none.json"),
                (["verify", "other.json"], "no card"),
            ]
            for (arguments, words) in cases {
                let result = try dmd.run(arguments)
                #expect(result.status != 0 && result.errors.contains(words), "\(arguments): \(result)")
                #expect(!dmd.exists("evaluation.json") && !dmd.exists("card.json"))
            }
        }
    }
}
