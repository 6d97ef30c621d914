// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Diffusion
import Foundation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Training

@Suite("A teacher's run")
struct TeacherRunTests {
    /// Eight steps of four images.
    private let recipe: TeacherRecipe = {
        var recipe = TeacherRecipe()
        recipe.network.imgResolution = 4
        recipe.network.labelDim = 2
        recipe.network.modelChannels = 4
        recipe.network.channelMult = [1, 1]
        recipe.network.attnResolutions = [2]
        recipe.batch = 4
        recipe.durationImages = 32
        recipe.warmUpImages = 8
        recipe.coolDownImages = 16
        recipe.mirror = true
        recipe.logEveryImages = 8
        recipe.sampleEveryImages = 16
        recipe.checkpointEveryImages = 16
        return recipe
    }()

    /// Ten images, so that an epoch ends within a batch.
    private let images = TrainingImages(
        count: 10, shape: [1, 4, 4], labels: (0..<10).map { $0 % 2 }
    ) { indices in
        Tensor(
            indices.flatMap { index in (0..<16).map { UInt8((index * 37 + $0 * 11) % 256) } },
            shape: [indices.count, 1, 4, 4])
    }

    @Test("gives the same bits with and without interruptions")
    func resume() throws {
        try withTemporaryFolder { parent in
            let (whole, halted) = (parent.appending(path: "whole"), parent.appending(path: "halted"))
            #expect(try run(whole) == .finished)
            // A checkpoint is due after neither of these steps, and after the fourth.
            #expect(try run(halted, interruptedAfter: 3) == .interrupted(step: 3))
            #expect(try run(halted, interruptedAfter: 2) == .interrupted(step: 5))
            #expect(try run(halted) == .finished)

            let checkpoints = try [whole, halted].map {
                try #require(try CheckpointReader.latest(in: RunFolder($0).checkpoints))
            }
            #expect(checkpoints.map(\.step) == [8, 8])
            let files = try checkpoints[0].url.contents
            #expect(
                files == [
                    "manifest.json", "network-average.safetensors", "network-optimizer.safetensors",
                    "network.safetensors", "state.json",
                ])
            #expect(try checkpoints[1].url.contents == files)
            for file in files {
                let bytes = try checkpoints.map { try Data(contentsOf: $0.url.appending(path: file)) }
                #expect(bytes[0] == bytes[1], "\(file)")
            }

            let logs = try [whole, halted].map { try ScalarLog.lines(of: RunFolder($0).log) }
            #expect(logs.map { $0.map(\.step) } == [[2, 4, 6, 8], [2, 4, 6, 8]])
            for (a, b) in zip(logs[0], logs[1]) {
                #expect(
                    a.values["loss/denoising"] != nil
                        && a.values["loss/denoising"] == b.values["loss/denoising"])
                #expect(a.values["norm/network"] == b.values["norm/network"])
            }
        }
    }

    /// What also shows that the comparison of bits can fail.
    @Test(
        "goes on from every file of its checkpoint",
        arguments: ["network", "network-optimizer", "network-average"])
    func checkpointFiles(file: String) throws {
        try withTemporaryFolder { parent in
            let (whole, halted) = (parent.appending(path: "whole"), parent.appending(path: "halted"))
            _ = try run(whole)
            _ = try run(halted, interruptedAfter: 5)
            let checkpoints = RunFolder(halted).checkpoints
            let checkpoint = try #require(try CheckpointReader.latest(in: checkpoints))
            let fresh = try TeacherTrainer(recipe: recipe, images: images).state
            var files = fresh
            for name in fresh.keys where name != file { files[name] = try checkpoint.tensors(name) }
            try CheckpointWriter(checkpoints).write(step: 5, files: files, state: [String: String]())
            #expect(try run(halted) == .finished)

            let bytes = try [whole, halted].map { folder in
                let last = try #require(try CheckpointReader.latest(in: RunFolder(folder).checkpoints))
                return try Data(contentsOf: last.url.appending(path: "\(file).safetensors"))
            }
            #expect(bytes[0] != bytes[1])
        }
    }

    @Test("adds up the gradients of a batch's parts, and averages over every half-life")
    func parts() throws {
        var parted = recipe
        parted.microBatch = 3  // 2 and 2 images
        parted.gradientCheckpointing = true
        parted.emaHalfLifeImages = [50_000, 8]
        parted.emaRampUp = 1_000
        let (a, b) = (
            try TeacherTrainer(recipe: recipe, images: images),
            try TeacherTrainer(recipe: parted, images: images)
        )
        for step in 0..<4 {
            let (whole, parts) = (try a.step(step).scalars(), try b.step(step).scalars())
            for (tag, bound) in [("loss/denoising", 1e-4), ("norm/network", 1e-3)] {
                let (part, all) = (try #require(parts[tag]), try #require(whole[tag]))
                #expect(abs(part / all - 1) < bound, "\(tag)")
            }
        }
        #expect(
            b.state.keys.sorted() == ["network", "network-average", "network-average-8", "network-optimizer"])
        for (index, name) in ["network-average", "network-average-8"].enumerated() {
            let weights = b.averaged(index).parameters
            #expect(
                weights.allSatisfy { path, weight in
                    weight.array(as: Float.self) == b.state[name]?[path]?.array(as: Float.self)
                })
        }
        let path = try #require(b.denoiser.parameters.keys.first)
        #expect(
            b.state["network-average"]?[path]?.array(as: Float.self)
                != b.state["network-average-8"]?[path]?.array(as: Float.self))
    }

    @Test("may compute in bfloat16, with weights in float32")
    func bfloat16() throws {
        var narrow = recipe
        narrow.computeType = .bfloat16
        let (a, b) = (
            try TeacherTrainer(recipe: recipe, images: images),
            try TeacherTrainer(recipe: narrow, images: images)
        )
        let norms = try [a, b].map { try #require(try $0.step(0).scalars()["norm/network"]) }
        #expect(norms[0] != norms[1] && abs(norms[1] / norms[0] - 1) < 0.02)
        #expect(b.state.values.allSatisfy { $0.values.allSatisfy { $0.dtype == .float32 } })
    }

    private func run(
        _ folder: URL, interruptedAfter steps: Int = .max
    ) throws -> Run<TeacherTrainer>.Outcome {
        let trainer = try TeacherTrainer(recipe: recipe, images: images)
        var run = Run(trainer, settings: recipe, in: RunFolder(folder))
        var done = 0
        run.isInterrupted = {
            done += 1
            return done == steps
        }
        return try run.run()
    }
}
