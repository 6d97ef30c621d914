// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Testing

@Suite("The commands", .serialized)
struct WorkflowTests {
    private static let small = [
        "distillation.steps=12", "distillation.batch=4", "distillation.regression.batch=4",
        "distillation.logEvery=4",
        "distillation.sampleEvery=6", "distillation.checkpointEvery=1", "pairCount=12", "teacherSteps=3",
    ].flatMap { ["--set", $0] }

    private func distill(_ out: String) -> [String] {
        [
            "distill", "--teacher", "teacher.safetensors", "--lpips", Command.lpips, "--out", out,
            "--threads", "1",
        ]
            + Self.small
    }

    @Test("distil a teacher, and leave all that the run promises")
    func distillation() throws {
        try Command.withFolder { dmd in
            let run = try dmd.run(distill("run"))
            #expect(run.status == 0, "\(run.errors)")
            for file in [
                "recipe.yaml", "log.jsonl", "samples.png", "compare.png", "report.html",
                "generator.safetensors",
                "pairs/pairs.json", "samples/step-000000006.png",
            ] {
                #expect(dmd.exists("run/\(file)"), "\(file)")
            }
            let recipe = String(decoding: try dmd.data("run/recipe.yaml"), as: UTF8.self)
            #expect(recipe.contains("teacherSteps: 3") && recipe.contains("pairCount: 12"))
            let report = String(decoding: try dmd.data("run/report.html"), as: UTF8.self)
            #expect(report.contains("teacherSteps: 3") && report.contains("data:image/png;base64,"))
            #expect(!report.contains("http://") && !report.contains("src=\"http"))

            #expect(report.contains("type=\"range\"") && report.contains("Minutes of distillation"))
            try FileManager.default.removeItem(at: dmd.url("run/report.html"))
            let again = try dmd("report", "run", "--figures", "figures")
            #expect(again.status == 0, "\(again.errors)")
            #expect(try dmd.data("run/report.html") == Data(report.utf8))
            #expect(dmd.exists("figures/teacher.png") && dmd.exists("figures/regression-loss.svg"))
            let none = try dmd("report", "figures")
            #expect(none.status != 0 && none.errors.contains("figures is no run"), "\(none)")

            let sample = try dmd(
                "sample", "--weights", "run/generator.safetensors", "--count", "5", "--out", "five.png")
            #expect(sample.status == 0 && dmd.exists("five.png"), "\(sample.errors)")
            let inspection = try dmd("inspect", "run")
            #expect(inspection.output.contains("last checkpoint: step 12"), "\(inspection)")
            let weights = try dmd("inspect", "run/generator.safetensors")
            #expect(weights.output.contains("dmd.architecture"), "\(weights)")
        }
    }

    @Test("make a generator of two steps, which its file tells, from that of one step")
    func fewSteps() throws {
        try Command.withFolder { dmd in
            let first = try dmd.run(distill("first"))
            #expect(first.status == 0, "\(first.errors)")
            let second = try dmd.run(
                distill("second") + ["--start", "first/generator.safetensors", "--pairs", "first/pairs"]
                    + ["--set", "distillation.levels=[999, 500]"])
            #expect(second.status == 0, "\(second.errors)")
            let file = "second/generator.safetensors"
            #expect(try dmd("inspect", file).output.contains("[999, 500]"))

            func sample(_ steps: String?, _ out: String) throws -> Command.Result {
                let steps = steps.map { ["--steps", $0] } ?? []
                return try dmd.run(["sample", "--weights", file, "--count", "6", "--out", out] + steps)
            }
            for (steps, out) in [(nil, "all.png"), ("2", "two.png"), ("1", "one.png")] {
                let made = try sample(steps, out)
                #expect(made.status == 0, "\(made.errors)")
            }
            #expect(try dmd.data("all.png") == dmd.data("two.png"))
            #expect(try dmd.data("all.png") != dmd.data("one.png"))
            let more = try sample("3", "three.png")
            #expect(more.status == 64 && more.errors.contains("this generator takes 1 to 2"), "\(more)")
            let other = try dmd("sample", "--weights", file, "--sampler", "euler")
            #expect(other.status == 64 && other.errors.contains("has levels of its own"), "\(other)")

            let foreign = try dmd.run(distill("third") + ["--start", "notes.txt"])
            #expect(foreign.status != 0 && foreign.errors.contains("notes.txt"), "\(foreign)")
        }
    }

    @Test("go on after Ctrl-C as if nothing had been")
    func interruption() throws {
        try Command.withFolder { dmd in
            let whole = try dmd.run(distill("whole"))
            #expect(whole.status == 0, "\(whole.errors)")
            let halted = try dmd.run(distill("halted"), interruptAt: "halted/checkpoints/step-000000002")
            #expect(halted.status == 130, "\(halted.status): \(halted.errors)")
            #expect(
                halted.errors.contains("give the same command again") && !dmd.exists("halted/report.html"))
            let rest = try dmd.run(distill("halted"))
            #expect(rest.status == 0, "\(rest.errors)")
            for file in ["generator.safetensors", "pairs/pairs-00000.safetensors", "samples.png"] {
                #expect(try dmd.data("whole/\(file)") == dmd.data("halted/\(file)"), "\(file)")
            }
        }
    }

    @Test("go on with --resume alone, wherever the folder has gone, and with other settings that are named")
    func resuming() throws {
        try Command.withFolder { dmd in
            _ = try dmd.run(distill("whole"))
            let halted = try dmd.run(distill("halted"), interruptAt: "halted/checkpoints/step-000000002")
            #expect(halted.errors.contains("or `dmd distill --resume halted`"), "\(halted.errors)")
            try FileManager.default.moveItem(at: dmd.url("halted"), to: dmd.url("moved"))
            let rest = try dmd.run(["distill", "--resume", "moved", "--keep", "1"])
            #expect(rest.status == 0, "\(rest.errors)")
            #expect(try dmd.data("whole/generator.safetensors") == dmd.data("moved/generator.safetensors"))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: dmd.url("moved/checkpoints").path)
                    == ["step-000000012"])

            let longer = ["distill", "--resume", "moved", "--set", "distillation.steps=14"]
            let refused = try dmd.run(longer)
            #expect(refused.status != 0)
            #expect(
                refused.errors.contains("`distillation.steps` is 12 there and 14 now"), "\(refused.errors)")
            let went = try dmd.run(longer + ["--override", "distillation.steps"])
            #expect(went.status == 0 && dmd.exists("moved/checkpoints/step-000000014"), "\(went.errors)")
        }
    }

    @Test("stop when the time is up, with a status of their own")
    func timeLimit() throws {
        try Command.withFolder { dmd in
            let long = ["--set", "distillation.steps=1000000", "--time-limit", "5s"]
            let stopped = try dmd.run(distill("run") + long)
            #expect(stopped.status == 75, "\(stopped.errors)")
            #expect(stopped.errors.contains("To go on: give the same command again"), "\(stopped.errors)")
        }
    }

    @Test("refuse to go on with another teacher")
    func otherTeacher() throws {
        try Command.withFolder { dmd in
            let withoutPairs = [
                "distillation.regression.weight=0", "distillation.regression.batch=0", "distillation.steps=2",
            ].flatMap { ["--set", $0] }
            #expect(try dmd.run(distill("run") + withoutPairs).status == 0)
            try dmd.writeTeacher(seed: 2)
            let other = try dmd.run(distill("run") + withoutPairs)
            #expect(other.status != 0 && other.errors.contains("run holds a run with another teacher, "))
        }
    }

    @Test("make one set of pairs in several processes, one of them killed, as one alone makes it")
    func pairs() throws {
        try Command.withFolder { dmd in
            func arguments(_ out: String) -> [String] {
                [
                    "pairs", "--teacher", "teacher.safetensors", "--count", "90", "--steps", "3", "--batch",
                    "2",
                    "--shard-size", "4", "--threads", "1", "--out", out,
                ]
            }
            let alone = try dmd.run(arguments("alone"))
            #expect(alone.status == 0, "\(alone.errors)")

            let processes = try (0..<3).map { _ in try dmd.start(arguments("together")) }
            while !dmd.exists("together/pairs-00003.safetensors") { usleep(1_000) }
            kill(processes[0].processIdentifier, SIGKILL)
            for process in processes { process.waitUntilExit() }
            #expect(processes[1...].map(\.terminationStatus) == [0, 0])

            let files = try FileManager.default.contentsOfDirectory(atPath: dmd.url("alone").path).sorted()
            #expect(files.count == 24)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: dmd.url("together").path).sorted()
                    == files)
            for file in files {
                #expect(try dmd.data("alone/\(file)") == dmd.data("together/\(file)"), "\(file)")
            }
        }
    }

    @Test("make a zip of images, of which a teacher is trained")
    func dataset() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            let made = try dmd("dataset", "images", "set.zip", "--size", "16")
            #expect(made.status == 0, "\(made.errors)")
            #expect(made.output == "set.zip: 24 images, 16 x 16 gray, 3 classes (0, 1, 2)\n")
            let again = try dmd("dataset", "set.zip", "again.zip")
            #expect(again.status == 0, "\(again.errors)")
            #expect(try dmd.data("set.zip") == dmd.data("again.zip"))
        }
    }

    @Test("train a teacher from a folder of images, stopped or not")
    func teacher() throws {
        try Command.withFolder { dmd in
            try dmd.writeImages()
            func train(_ out: String) -> [String] {
                ["train-teacher", "--images", "images", "--out", out, "--threads", "1"]
                    + Command.networkSettings
                    + [
                        "batch=4", "durationImages=80", "coolDownImages=8", "logEveryImages=4",
                        "sampleEveryImages=80", "checkpointEveryImages=4",
                    ].flatMap { ["--set", $0] }
            }
            let whole = try dmd.run(train("whole"))
            #expect(whole.status == 0, "\(whole.errors)")
            let halted = try dmd.run(train("halted"), interruptAt: "halted/checkpoints/step-000000002")
            #expect(halted.status == 130, "\(halted.status): \(halted.errors)")
            let rest = try dmd.run(train("halted"))
            #expect(rest.status == 0, "\(rest.errors)")
            #expect(
                try dmd.data("whole/teacher.safetensors") == dmd.data("halted/teacher.safetensors"))
        }
    }

    @Test(
        "take recipes by their names",
        arguments: [
            ("cifar10-conditional", "pairCount: 100000"), ("cifar10-unconditional", "weight: 0.5"),
            ("cifar10-ve", "weight: 0.25"), ("imagenet-64", "teacherSteps: 256"),
            ("ffhq-64", "teacherSteps: 40"), ("afhqv2-64", "teacherSteps: 40"),
            ("fashion-mnist", "steps: 1800"),
            ("colour", "steps: 400"), ("demo", "steps: 1400"), ("dmd", "steps: 560"),
        ])
    func recipes(name: String, setting: String) throws {
        try Command.withFolder { dmd in
            let small = ["batch=2", "regression.batch=2", "microBatch=1", "critic.steps=1"].flatMap {
                ["--set", "distillation.\($0)"]
            }
            let said = try dmd.run(
                [
                    "distill", "--recipe", name, "--teacher", "teacher.safetensors", "--lpips", Command.lpips,
                    "--set", "lpipsResize=16", "--dry-run",
                ] + small)
            #expect(said.status == 0, "\(said.errors)")
            #expect(said.output.contains(setting))
        }
    }

    @Test(
        "make the same images by any sampler, whatever the batch",
        arguments: [
            ["--steps", "4"], ["--steps", "4", "--sampler", "euler"], ["--steps", "4", "--churn", "2"],
        ])
    func samplers(arguments: [String]) throws {
        try Command.withFolder { dmd in
            for batch in ["3", "8"] {
                let said = try dmd.run(
                    [
                        "sample", "--weights", "teacher.safetensors", "--count", "8", "--batch", batch,
                        "--out",
                        "\(batch).png",
                    ] + arguments)
                #expect(said.status == 0, "\(said.errors)")
            }
            #expect(try dmd.data("3.png") == dmd.data("8.png"))
        }
    }

    @Test("say what a run would cost, and make nothing")
    func dryRun() throws {
        try Command.withFolder { dmd in
            let result = try dmd.run(distill("run") + ["--dry-run"])
            #expect(result.status == 0 && !dmd.exists("run"), "\(result.errors)")
            #expect(result.output.contains("teacherSteps: 3") && result.output.contains("# 12 steps of "))
            #expect(result.output.contains(" parameters in the network\n"))
            #expect(result.output.contains(" for the weights of 3 networks, "))
            #expect(
                result.output.contains(" 4 moments of AdamW and 1 average and the copy for a checkpoint, "))
            let set = ["--set", "distillation.shardedState=true", "--processes", "8"]
            let sharded = try dmd.run(distill("run") + ["--dry-run"] + set)
            #expect(
                sharded.output.contains(
                    " and 1 average, a part of them in each process, and the copy for a checkpoint, "),
                "\(sharded.output) \(sharded.errors)")
            #expect(sharded.output.contains(" in each but the first, which writes the checkpoints\n"))
        }
    }
}
