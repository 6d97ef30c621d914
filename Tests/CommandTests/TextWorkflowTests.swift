// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Images
import TestSupport
import Testing

@Suite("The commands for models of text", .serialized)
struct TextWorkflowTests {
    private static let settings = [
        "distillation.steps=4", "distillation.batch=2", "distillation.regression.batch=2",
        "distillation.regression.joinBatch=true", "distillation.logEvery=2", "distillation.sampleEvery=4",
        "distillation.checkpointEvery=1", "pairCount=6", "teacherSteps=3", "guidance=3", "lpipsResize=16",
    ].flatMap { ["--set", $0] }

    /// With `model`, a folder of Stable Diffusion, and `prompts.csv`.
    private func withModel(_ body: (Command) throws -> Void) throws {
        try Command.withFolder { dmd in
            try FileManager.default.copyItem(at: fixture("stable-diffusion"), to: dmd.url("model"))
            try Data("id,caption\n1,ab\n2,\"c, a\"\n3,ab\n".utf8).write(to: dmd.url("prompts.csv"))
            try Data("guidance: 3\n".utf8).write(to: dmd.url("recipe.yaml"))
            try body(dmd)
        }
    }

    private func distill(_ out: String) -> [String] {
        [
            "distill", "--recipe", "recipe.yaml", "--teacher", "model", "--prompts", "prompts.csv", "--lpips",
            Command.lpips, "--out", out, "--threads", "1",
        ] + Self.settings
    }

    @Test("distil a model into one that makes images in one step")
    func distillation() throws {
        try withModel { dmd in
            let pairs = try dmd.run([
                "pairs", "--teacher", "model", "--prompts", "prompts.csv", "--guidance", "3", "--steps", "3",
                "--count", "6", "--batch", "4", "--out", "pairs", "--threads", "1",
            ])
            #expect(pairs.status == 0, "\(pairs.errors)")
            let run = try dmd.run(distill("run"))
            #expect(run.status == 0, "\(run.errors)")
            for file in ["samples.png", "compare.png", "report.html", "generator/unet/config.json"] {
                #expect(dmd.exists("run/\(file)"), "\(file)")
            }
            #expect(
                try dmd.data("pairs/pairs-00000.safetensors") == dmd.data("run/pairs/pairs-00000.safetensors")
            )
            let other = try dmd.run(distill("other") + ["--pairs", "pairs"])
            #expect(other.status == 0, "\(other.errors)")
            let weights = "generator/unet/diffusion_pytorch_model.safetensors"
            #expect(try dmd.data("run/\(weights)") == dmd.data("other/\(weights)"))
            #expect(
                try dmd.data("run/\(weights)")
                    != dmd.data("model/unet/diffusion_pytorch_model.safetensors"))

            let sample = try dmd(
                "sample", "--generator", "run/generator", "--prompt", "ab", "--out", "one.png")
            #expect(sample.status == 0, "\(sample.errors)")
            #expect(try Image(contentsOf: dmd.url("one.png")).width == 16)
        }
    }

    @Test("distil a model into one that makes images in two steps, which all commands follow")
    func fewSteps() throws {
        try withModel { dmd in
            let odd = try dmd.run(distill("odd") + ["--set", "distillation.levels=[999, 600]"])
            #expect(odd.status != 0 && odd.errors.contains("such as [999, 499]"), "\(odd.errors)")
            let run = try dmd.run(distill("run") + ["--set", "distillation.levels=[999, 499]"])
            #expect(run.status == 0, "\(run.errors)")
            func sample(_ out: String, _ options: String...) throws -> Command.Result {
                try dmd.run(
                    ["sample", "--generator", "run/generator", "--prompt", "ab", "--out", out] + options)
            }
            #expect(try sample("usual.png").status == 0)
            #expect(try sample("two.png", "--steps", "2").status == 0)
            #expect(try sample("one.png", "--steps", "1").status == 0)
            #expect(try dmd.data("usual.png") == dmd.data("two.png"))
            #expect(try dmd.data("usual.png") != dmd.data("one.png"))
            let many = try sample("many.png", "--steps", "3")
            #expect(many.status != 0 && many.errors.contains("give from 1 to 2"), "\(many.errors)")
            let exported = try dmd("export", "run/generator", "--out", "out", "--example", "ab")
            #expect(exported.status == 0, "\(exported.errors)")
            let scheduler = String(
                decoding: try dmd.data("out/scheduler/scheduler_config.json"), as: UTF8.self)
            #expect(scheduler.contains("\"original_inference_steps\" : 2"), "\(scheduler)")
            let judged = try dmd(
                "evaluate", "run/generator", "--against", "model", "--against-steps", "2", "--prompts",
                "prompts.csv",
                "--count", "4", "--distance-only", "--features", "vgg16")
            #expect(judged.status == 0, "\(judged.errors)")
            #expect(
                String(decoding: try dmd.data("evaluation.json"), as: UTF8.self).contains("\"steps\" : 2"))
        }
    }

    /// `photos/`, six pictures in colour with captions.
    private func writePhotos(_ dmd: Command) throws {
        try FileManager.default.createDirectory(at: dmd.url("photos"), withIntermediateDirectories: true)
        for number in 0..<6 {
            let pixels = (0..<20 * 24 * 3).map { UInt8(($0 * (number + 3)) % 256) }
            try Image(width: 20, height: 24, channels: 3, pixels: pixels).write(
                to: dmd.url("photos/\(number).png"))
            try Data("ab \(number % 2)\n".utf8).write(to: dmd.url("photos/\(number).txt"))
        }
    }

    @Test("distil with a discriminator that knows real images and their captions, in one piece or two")
    func discriminator() throws {
        try withModel { dmd in
            try writePhotos(dmd)
            func distill(_ out: String, _ options: String...) -> [String] {
                self.distill(out) + [
                    "--set", "distillation.regression.weight=0", "--set",
                    "distillation.adversarial.weight=0.001", "--set",
                    "distillation.adversarial.trunk=critic",
                ] + options
            }
            let planned = try dmd.run(distill("plan", "--real-images", "photos", "--dry-run"))
            #expect(planned.status == 0 && !dmd.exists("plan"), "\(planned.errors)")
            let whole = try dmd.run(distill("whole", "--real-images", "photos", "--real-latents", "latents"))
            #expect(whole.status == 0, "\(whole.errors)")
            #expect(dmd.exists("latents/latents-00000.safetensors"))
            let log = String(decoding: try dmd.data("whole/log.jsonl"), as: UTF8.self)
            #expect(log.contains("loss/discriminator") && log.contains("logit/real"))
            let halted = try dmd.run(
                distill("halted", "--real-images", "photos"), interruptAt: "halted/checkpoints/step-000000001"
            )
            #expect(halted.status == 130, "\(halted.errors)")
            let rest = try dmd("distill", "--resume", "halted")
            #expect(rest.status == 0, "\(rest.errors)")
            let weights = "generator/unet/diffusion_pytorch_model.safetensors"
            #expect(try dmd.data("whole/\(weights)") == dmd.data("halted/\(weights)"))

            func expect(_ words: String, _ result: Command.Result) {
                #expect(result.status != 0 && result.errors.contains(words), "\(words): \(result.errors)")
            }
            expect("needs real images", try dmd.run(distill("none")))
            try Image(width: 8, height: 8, channels: 3, level: 9).write(to: dmd.url("photos/6.png"))
            expect("6.png do not fit", try dmd.run(distill("lacking", "--real-images", "photos")))
            try Data("b".utf8).write(to: dmd.url("photos/6.txt"))
            expect(
                "holds", try dmd.run(distill("other", "--real-images", "photos", "--real-latents", "latents"))
            )
            for number in 0..<7 { try FileManager.default.removeItem(at: dmd.url("photos/\(number).txt")) }
            expect("have no captions", try dmd.run(distill("silent", "--real-images", "photos")))
        }
    }

    @Test("go on after Ctrl-C as if nothing had been")
    func interruption() throws {
        try withModel { dmd in
            let whole = try dmd.run(distill("whole"))
            #expect(whole.status == 0, "\(whole.errors)")
            let halted = try dmd.run(distill("halted"), interruptAt: "halted/checkpoints/step-000000001")
            #expect(halted.status == 130, "\(halted.status): \(halted.errors)")
            let rest = try dmd("distill", "--resume", "halted")
            #expect(rest.status == 0, "\(rest.errors)")
            for file in ["generator/unet/diffusion_pytorch_model.safetensors", "samples.png"] {
                #expect(try dmd.data("whole/\(file)") == dmd.data("halted/\(file)"), "\(file)")
            }
        }
    }

    @Test("say what a teacher of text needs")
    func refusals() throws {
        try withModel { dmd in
            func expect(_ words: String, _ arguments: [String]) throws {
                let result = try dmd.run(arguments)
                #expect(result.status != 0 && result.errors.contains(words), "\(words): \(result.errors)")
            }
            let pairs = ["pairs", "--teacher", "model", "--out", "pairs"]
            try expect(
                "--guidance is missing, which a text-to-image teacher needs",
                pairs + ["--prompts", "prompts.csv"])
            try expect(
                "--prompts is missing, which a text-to-image teacher needs: name a file of prompts",
                pairs + ["--guidance", "3"])
            try expect("--guidance is 0.5", pairs + ["--guidance", "0.5"])
            try expect(
                "belongs to a teacher that is a folder of Stable Diffusion",
                ["pairs", "--teacher", "teacher.safetensors", "--prompts", "prompts.csv"])
            try expect(
                "give from 1 to 999",
                pairs + ["--prompts", "prompts.csv", "--guidance", "3", "--steps", "1000"])
            try expect(
                "--recipe is missing, which a text-to-image teacher needs",
                ["distill", "--teacher", "model", "--prompts", "prompts.csv"])
            try expect("needs `guidance`", distill("run") + ["--set", "guidance=null"])
            try expect(
                "The recipe's `distillation.regression.decoder` is `tiny`, but there is no tiny decoder",
                distill("run") + ["--set", "distillation.regression.decoder=tiny"])
            try expect("recipe sets `guidance`", ["distill", "--set", "guidance=3"])
            #expect(
                try dmd.run(pairs + ["--prompts", "prompts.csv", "--guidance", "3", "--count", "6"]).status
                    == 0)
            try expect(
                "holds pairs of guidance 3.0", distill("b") + ["--pairs", "pairs", "--set", "guidance=5"])
        }
    }

    @Test("say what a run would cost, and make nothing")
    func dryRun() throws {
        try withModel { dmd in
            let result = try dmd.run(distill("run") + ["--dry-run"])
            #expect(
                result.status == 0 && result.output.contains("parameters in the network"), "\(result.errors)")
            #expect(!dmd.exists("run") && !dmd.exists("prompts.csv.vectors"))
        }
    }
}
