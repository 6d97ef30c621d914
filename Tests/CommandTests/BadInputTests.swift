// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import Testing

@Suite("Bad input to the commands", .serialized)
struct BadInputTests {
    /// What is wrong, the arguments, and words that the sentence must have.
    private static let cases: [(String, [String], [String])] = [
        (
            "no such weights", ["sample", "--weights", "none.safetensors"],
            ["none.safetensors", "no such file"]
        ),
        ("weights that are text", ["sample", "--weights", "notes.txt"], ["notes.txt"]),
        ("weights cut short", ["sample", "--weights", "short.safetensors"], ["short.safetensors"]),
        ("an unknown device", ["sample", "--weights", "teacher.safetensors", "--device", "tpu"], ["tpu"]),
        (
            "a time that is none",
            ["distill", "--teacher", "teacher.safetensors", "--time-limit", "soon"],
            ["--time-limit is 'soon'", "3h30m"]
        ),
        ("no run to go on with", ["distill", "--resume", "images"], ["images holds no run to go on with"]),
        (
            "two folders", ["distill", "--resume", "images", "--out", "x"], ["Give either --resume or --out"]
        ),
        (
            "a best checkpoint by no measure",
            ["distill", "--teacher", "teacher.safetensors", "--keep-best"],
            ["--keep-best needs distances to compare", "--images"]
        ),
        ("a count below 0", ["sample", "--count", "-3"], ["--count is -3", "give 1 to 100000"]),
        ("a seed below 0", ["sample", "--seed", "-1"], ["--seed", "0 to 18446744073709551615"]),
        (
            "more steps than there are", ["sample", "--steps", "9223372036854775807"],
            ["--steps is 9223372036854775807", "give 1 to 10000"]
        ),
        (
            "pairs in files too large", ["pairs", "--shard-size", "9223372036854775807"],
            ["--shard-size is 9223372036854775807"]
        ),
        (
            "a side too long", ["reference", "images", "--size", "9223372036854775807"],
            ["--size is 9223372036854775807", "16384"]
        ),
        (
            "more images than there are",
            ["evaluate", "--seed", "18446744073709551615", "--seeds", "2", "--count", "9223372036854775807"],
            ["--count is 9223372036854775807", "give 2 to 100000000"]
        ),
        (
            "a batch without end",
            [
                "distill", "--teacher", "teacher.safetensors", "--set",
                "distillation.batch=9223372036854775807",
            ],
            ["`batch` is 9223372036854775807", "at most 1000000000"]
        ),
        (
            "a teacher without end",
            ["train-teacher", "--images", "images", "--set", "durationImages=9223372036854775807"],
            ["`durationImages` is 9223372036854775807"]
        ),
        ("a batch of 0", ["sample", "--weights", "teacher.safetensors", "--batch", "0"], ["--batch is 0"]),
        (
            "no such class", ["sample", "--weights", "teacher.safetensors", "--class", "7"],
            ["--class is 7", "0 to 2"]
        ),
        (
            "a setting with a typo",
            ["distill", "--teacher", "teacher.safetensors", "--set", "distillation.regression.wieght=1"],
            ["wieght", "weight"]
        ),
        (
            "a recipe with a typo", ["distill", "--teacher", "teacher.safetensors", "--recipe", "typo.yaml"],
            ["typo.yaml", "pairCuont", "pairCount"]
        ),
        (
            "no such recipe", ["distill", "--teacher", "teacher.safetensors", "--recipe", "cifar"],
            ["no recipe 'cifar'", "cifar10-conditional"]
        ),
        (
            "fresh noise in one evaluation",
            ["sample", "--weights", "teacher.safetensors", "--churn", "40"], ["--churn belongs to"]
        ),
        (
            "a batch of 0 in a recipe",
            ["distill", "--teacher", "teacher.safetensors", "--set", "distillation.batch=0"],
            ["batch", "at least 1"]
        ),
        (
            "text among the images", ["train-teacher", "--images", "mixed"] + Command.networkSettings,
            ["notes.txt"]
        ),
        (
            "images of another shape than the network's",
            ["train-teacher", "--images", "images", "--set", "network.imgChannels=3"]
                + Command.networkSettings,
            ["network", "[1, 16, 16]"]
        ),
        (
            "a picture of an unknown kind", ["sample", "--weights", "teacher.safetensors", "--out", "a.gif"],
            ["a.gif"]
        ),
        (
            "a prompt without a model", ["sample", "--prompt", "a cat"],
            ["--weights is missing, which prompts need"]
        ),
        (
            "patience without distances",
            ["distill", "--set", "patience=2", "--set", "distanceCount=null", "--out", "run"],
            ["patience", "null where there is no distanceCount"]
        ),
        (
            "prompts in two ways", ["sample", "--prompt", "a cat", "--prompts", "notes.txt"],
            ["--prompt and --prompts are two ways to say the same: give one of them."]
        ),
        (
            "a column of no file", ["sample", "--prompt-column", "a"], ["--prompt-column needs --prompts."]
        ),
        (
            "a file of prompts that is not there",
            ["sample", "--weights", "sd", "--prompts", "none.txt"], ["none.txt"]
        ),
        (
            "a negative prompt alone", ["sample", "--negative-prompt", "rain"],
            ["--negative-prompt means nothing without --prompt or --prompts"]
        ),
        (
            "a card of images that are not there",
            ["evaluate", "teacher.safetensors", "--against", "nowhere", "--card", "new/folder/card.json"],
            ["nowhere"]
        ),
        (
            "a card where none can be",
            ["evaluate", "teacher.safetensors", "--against", "images", "--card", "notes.txt/card.json"],
            ["notes.txt cannot be a folder"]
        ),
        (
            "a prompt for a model that reads none",
            ["sample", "--prompt", "a cat", "--weights", "images"], ["model_index.json", "cannot be read"]
        ),
        ("no pixels", ["dataset", "images", "set.zip", "--size", "0"], ["--size is 0"]),
        ("a set in no zip", ["dataset", "images", "set.png"], ["set.png", ".zip"]),
        ("a set without images", ["dataset", "empty", "set.zip"], ["empty is not an image data set"]),
        ("text in a set", ["dataset", "mixed", "set.zip"], ["notes.txt is neither"]),
        ("images of two sizes", ["dataset", "sizes", "set.zip"], ["b.png is 3 x 3 gray", "give a size"]),
        ("a short CIFAR-10", ["dataset", "short.bin", "set.zip"], ["short.bin is damaged", "3073"]),
        (
            "a zip where none can be", ["dataset", "images", "notes.txt/set.zip"],
            ["notes.txt cannot be a folder"]
        ),
        (
            "a folder in a file", ["pairs", "--teacher", "teacher.safetensors", "--out", "notes.txt/pairs"],
            ["notes.txt"]
        ),
        (
            "foreign weights that are text", ["convert", "notes.txt", "a.safetensors"],
            ["notes.txt is no weights file"]
        ),
        (
            "foreign weights that are not there", ["convert", "none.pkl", "a.safetensors"],
            ["none.pkl", "no such file"]
        ),
        (
            "foreign weights that run a program", ["convert", "hostile.pkl", "a.safetensors"],
            ["hostile.pkl asks for os.system, which is not data; nothing of it was run"]
        ),
        (
            "a key for tensors that lie side by side",
            ["convert", "teacher.safetensors", "a.safetensors", "--key", "ema"], ["has no key 'ema'"]
        ),
        ("weights into a folder", ["convert", "teacher.safetensors", "images"], ["images is a folder"]),
        (
            "weights where none can be",
            ["convert", "teacher.safetensors", "notes.txt/a.safetensors"],
            ["notes.txt cannot be a folder"]
        ),
    ]

    @Test("earns one sentence and a status, and leaves nothing", arguments: 0..<cases.count)
    func sentence(number: Int) throws {
        let (what, arguments, words) = Self.cases[number]
        try Command.withFolder { dmd in
            try dmd.writeImages()
            try FileManager.default.createDirectory(at: dmd.url("mixed"), withIntermediateDirectories: true)
            try Data("not an image".utf8).write(to: dmd.url("mixed/notes.txt"))
            for (name, side) in [("a", 4), ("b", 3)] {
                try FileManager.default.createDirectory(
                    at: dmd.url("sizes"), withIntermediateDirectories: true)
                try Image(width: side, height: side, channels: 1, level: 9).write(
                    to: dmd.url("sizes/\(name).png"))
            }
            try FileManager.default.createDirectory(at: dmd.url("empty"), withIntermediateDirectories: true)
            try Data(count: 3000).write(to: dmd.url("short.bin"))
            try Data("not weights".utf8).write(to: dmd.url("notes.txt"))
            try Data("\u{80}\u{2}cos\nsystem\n(S'true'\ntR.".unicodeScalars.map { UInt8($0.value) })
                .write(to: dmd.url("hostile.pkl"))
            try Data("pairCuont: 3".utf8).write(to: dmd.url("typo.yaml"))
            try dmd.data("teacher.safetensors").dropLast(100).write(to: dmd.url("short.safetensors"))
            let before = try FileManager.default.contentsOfDirectory(atPath: dmd.folder.path).sorted()

            let result = try dmd.run(arguments)
            #expect(result.status != 0, "\(what)")
            for word in words {
                #expect(result.errors.contains(word), "\(what): \(result.errors)")
            }
            #expect(!result.errors.contains("Fatal error") && !result.errors.contains("Stack"), "\(what)")
            #expect(!result.errors.contains("(Cocoa"), "\(what): \(result.errors)")
            let after = try FileManager.default.contentsOfDirectory(atPath: dmd.folder.path).sorted()
            #expect(before == after, "\(what) left \(after)")
        }
    }
}
