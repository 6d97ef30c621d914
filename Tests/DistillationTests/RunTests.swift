// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Distillation
import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Training

@Suite("A distillation's run")
struct RunTests {
    private let toy = Toy(Mixture(centers: [[-0.6, 0], [0.6, 0.2]], shares: [0.5, 0.5], width: 0.1))

    private func run(
        _ folder: URL, _ recipe: DistillationRecipe = Toy.recipe(),
        _ change: (inout Run<Distiller<ToyDenoiser>>) -> Void = { _ in }
    ) throws -> Run<Distiller<ToyDenoiser>>.Outcome {
        var run = Run(try toy.distiller(recipe), settings: recipe, in: RunFolder(folder))
        change(&run)
        return try run.run()
    }

    @Test("gives the same bits with and without interruptions", arguments: ComputeType.allCases)
    func resume(computeType: ComputeType) throws {
        let recipe = Toy.recipe {
            $0.computeType = computeType
            $0.emaHalfLifeImages = [1_000, 50]
        }
        try withTemporaryFolder { folder in
            let (whole, halted) = (folder.appending(path: "whole"), folder.appending(path: "halted"))
            #expect(try run(whole, recipe) == .finished)
            for stop in [3, 5] {
                var steps = 0
                let left = stop == 3 ? 3 : 2
                #expect(
                    try run(halted, recipe) {
                        $0.isInterrupted = {
                            steps += 1
                            return steps == left
                        }
                    } == .interrupted(step: stop))
            }
            #expect(try run(halted, recipe) == .finished)

            let checkpoints = try [whole, halted].map {
                try #require(try CheckpointReader.latest(in: RunFolder($0).checkpoints))
            }
            #expect(checkpoints.map(\.step) == [8, 8])
            for file in [
                "generator", "generator-average", "generator-average-50", "generator-optimizer", "critic",
                "critic-optimizer",
            ] {
                let states = try checkpoints.map { try $0.tensors(file) }
                #expect(states[0].count > 1 && differing(states[0], states[1]).isEmpty, "\(file)")
                #expect(states[0].values.allSatisfy { $0.dtype == .float32 }, "\(file)")
            }
            let logs = try [whole, halted].map { try ScalarLog.lines(of: RunFolder($0).log) }
            #expect(logs[0].map(\.step) == [2, 4, 6, 8] && logs[1].map(\.step) == [2, 4, 6, 8])
            for (a, b) in zip(logs[0], logs[1]) {
                #expect(
                    a.values["loss/distribution_matching"] == b.values["loss/distribution_matching"]
                        && a.values["critic/lag"] == b.values["critic/lag"])
            }
        }
    }

    @Test("logs what tells of its health")
    func log() throws {
        try withTemporaryFolder { folder in
            let distiller = try toy.distiller(Toy.recipe())
            var verdicts: [Int: Health] = [:]
            var sampled: [Int] = []
            #expect(
                try run(folder) {
                    $0.report = { step, scalars in
                        verdicts[step] = distiller.health(of: scalars, done: step)
                        return ""
                    }
                    $0.sample = { step, _ in
                        sampled.append(step)
                        return nil
                    }
                } == .finished)
            let last = try #require(try ScalarLog.lines(of: RunFolder(folder).log).last)
            for tag in [
                "loss/distribution_matching", "loss/regression", "loss/denoising",
                "norm/distribution_matching",
                "norm/generator", "norm/critic", "images/mean", "images/std", "images/brightness",
                "real/mean",
                "real/std",
                "real/brightness", "critic/fresh_loss", "critic/lag", "images_per_second", "health/sane",
            ] {
                #expect(last.values[tag]?.isFinite == true, "\(tag)")
            }
            #expect(verdicts.keys.sorted() == [2, 4, 6, 8] && verdicts[2] == .early)
            #expect(sampled == [4, 8])
        }
    }

    @Test("ends before weights that are lost reach a checkpoint")
    func divergence() throws {
        try withTemporaryFolder { folder in
            let error = #expect(throws: RunError.self) {
                try run(folder, Toy.recipe { $0.learningRate = 1e30 })
            }
            guard case .diverged(step: 8, _) = error else {
                Issue.record("found \(String(describing: error))")
                return
            }
            let checkpoint = try CheckpointReader.latest(in: RunFolder(folder).checkpoints)
            #expect(checkpoint == nil)
        }
    }

    @Test("does not go on with another recipe")
    func otherRecipe() throws {
        try withTemporaryFolder { folder in
            _ = try run(folder)
            #expect(throws: RunFolderError.self) {
                try run(folder, Toy.recipe { $0.regression.weight = 0.5 })
            }
        }
    }
}
