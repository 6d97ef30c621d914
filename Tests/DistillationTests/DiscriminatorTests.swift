// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Training

/// Points as real images.
struct Points: RealImages {
    let points: Tensor
    var classes = 0
    var prompts: Tensor?
    var count: Int { points.shape[0] }

    func callAsFunction(_ numbers: [Int]) throws -> (samples: Tensor, condition: Condition?) {
        let samples = points.indexed(by: Tensor(numbers))
        if let prompts { return (samples, .context(prompts.indexed(by: Tensor(numbers)))) }
        guard classes > 0 else { return (samples, nil) }
        return (
            samples, .classes(Tensor(numbers.map { $0 % classes }).oneHot(classCount: classes).to(.float32))
        )
    }
}

@Suite("A discriminator")
struct DiscriminatorTests {
    private let modes = Mixture(centers: [[-0.6, 0], [0.6, 0.2]], shares: [0.5, 0.5], width: 0.1)

    private func real(shape: [Int] = [2, 1, 1]) -> Points {
        var stream = RandomStream(seed: 3, purpose: "real")
        return Points(points: stream.normal([512] + shape) * 0.1 + 0.5)
    }

    private func distiller(
        _ change: (inout DistillationRecipe) -> Void
    ) throws -> Distiller<ObservedDenoiser> {
        let recipe = Toy.recipe {
            ($0.regression.weight, $0.distributionMatching.weight, $0.warmUpSteps) = (0, 0, 0)
            change(&$0)
        }
        return try Distiller(recipe, teacher: ObservedDenoiser(ToyDenoiser(modes)), realImages: real())
    }

    @Test(
        "has heads for maps of any size, and no sample depends on its batch",
        arguments: [1, 7, 8, 14, 28, 32, 64])
    func heads(side: Int) {
        var stream = RandomStream(seed: 0, purpose: "heads")
        let heads = DiscriminatorHeads(.convolution, on: [[16, side, side], [6, 5, 3]], from: &stream)
        let features = [stream.normal([4, 16, side, side]), stream.normal([4, 6, 5, 3])]
        let logits = withoutGradients { heads(features) }
        #expect(logits.shape == [4, 2])
        let alone = withoutGradients { heads(features.map { $0.narrowed(dim: 0, start: 2, count: 1) }) }
        #expect(relativeDifference(alone, logits.narrowed(dim: 0, start: 2, count: 1)) < 1e-4)
        let wide = DiscriminatorHeads(.convolution, on: [[16, side, side]], width: 24, from: &stream)
        #expect(withoutGradients { wide([features[0]]) }.shape == [4, 1])
        #expect(wide.parameters["0.logit.weight"]?.shape == [1, 24])
        let mean = DiscriminatorHeads(.mean, on: [[16, side, side]], from: &stream)
        #expect(mean.parameters.isEmpty && mean([features[0]]).shape == [4, side * side])
    }

    @Test("trains its heads, and the critic only where they stand on it; nothing reaches the teacher")
    func routing() throws {
        for trunk in DiscriminatorTrunk.allCases {
            let distiller = try distiller { ($0.adversarial.weight, $0.adversarial.trunk) = (1, trunk) }
            let before = (
                copy(distiller.teacher.state), copy(distiller.critic.network.state),
                copy(distiller.state["discriminator"] ?? [:])
            )
            let generator = copy(distiller.generator.network.state)
            let report = try distiller.step(0)
            #expect(report.fault == nil && report.value("logit/real").isFinite)
            #expect(differing(distiller.teacher.state, before.0).isEmpty)
            #expect(differing(distiller.critic.network.state, before.1).isEmpty == (trunk == .teacher))
            #expect(
                !before.2.isEmpty && !differing(distiller.state["discriminator"] ?? [:], before.2).isEmpty)
            #expect(!differing(distiller.generator.network.state, generator).isEmpty)
            for network in [distiller.teacher, distiller.critic.network, distiller.generator.network] {
                #expect(network.parameters.values.allSatisfy { $0.gradient == nil && !$0.requiresGrad })
            }
            for head in (distiller.state["discriminator"] ?? [:]).values {
                #expect(head.gradient == nil && !head.requiresGrad)
            }
        }
    }

    @Test(
        "makes all methods' terms independent of micro-batches, of one step and of several",
        arguments: [[], [999, 600]])
    func microBatches(levels: [Int]) throws {
        let reports = try [8, 32].map { microBatch in
            let distiller = try distiller {
                $0.microBatch = microBatch
                $0.levels = levels
                ($0.distributionMatching.weight, $0.distributionMatching.divergence) = (1, .jensenShannon)
                ($0.scoreIdentity.weight, $0.adversarial.weight, $0.adversarial.r1Weight) = (1, 1, 0.5)
                $0.adversarial.levels.law = .logNormal
                $0.critic.steps = 2
            }
            return [try distiller.step(0), try distiller.step(1), try distiller.step(2)]
        }
        for (parts, whole) in zip(reports[0], reports[1]) {
            #expect(parts.fault == nil)
            #expect(differences(parts.measured, from: whole.measured, tolerance: 2e-3) == [])
        }
    }

    @Test(
        "goes on with the same bits after an interruption, of one step and of several",
        arguments: DiscriminatorTrunk.allCases, [[], [999, 600]])
    func resume(trunk: DiscriminatorTrunk, levels: [Int]) throws {
        func run(_ folder: URL, stopAfter: Int = .max) throws -> Run<Distiller<ObservedDenoiser>>.Outcome {
            let distiller = try distiller {
                $0.levels = levels
                ($0.adversarial.weight, $0.adversarial.trunk, $0.adversarial.r1Weight) = (1, trunk, 0.5)
                ($0.distributionMatching.weight, $0.distributionMatching.divergence) = (1, .jeffreys)
                $0.scoreIdentity.weight = 1
                ($0.critic.steps, $0.critic.learningRate, $0.adversarial.learningRate) = (2, 1e-3, 2e-3)
            }
            var run = Run(distiller, settings: distiller.recipe, in: RunFolder(folder))
            var steps = 0
            run.isInterrupted = {
                steps += 1
                return steps == stopAfter
            }
            return try run.run()
        }
        try withTemporaryFolder { folder in
            let (whole, halted) = (folder.appending(path: "whole"), folder.appending(path: "halted"))
            #expect(try run(whole) == .finished)
            #expect(try run(halted, stopAfter: 3) == .interrupted(step: 3))
            #expect(try run(halted) == .finished)
            let checkpoints = try [whole, halted].map {
                try #require(try CheckpointReader.latest(in: RunFolder($0).checkpoints))
            }
            for file in [
                "generator", "generator-average", "generator-optimizer", "critic", "critic-optimizer",
                "discriminator", "density-ratios",
            ] {
                let states = try checkpoints.map { try $0.tensors(file) }
                #expect(!states[0].isEmpty && differing(states[0], states[1]).isEmpty, "\(file)")
            }
        }
    }

    @Test("leaves the generator to begin where a first stage ended")
    func secondStage() throws {
        let first = try distiller { $0.adversarial.weight = 1 }
        _ = try first.step(0)
        let start = first.averagedGenerator().network
        let recipe = Toy.recipe { ($0.adversarial.weight, $0.regression.weight) = (1, 0) }
        let second = try Distiller(
            recipe, teacher: ObservedDenoiser(ToyDenoiser(modes)), start: start, realImages: real())
        #expect(differing(second.generator.network.state, start.state).isEmpty)
        #expect(differing(second.averagedGenerator().network.state, start.state).isEmpty)
        #expect(differing(second.critic.network.state, second.teacher.state).isEmpty)
        #expect(!differing(start.state, second.teacher.state).isEmpty)
    }

    @Test("measures how hard each term pulls, without changing a run")
    func gradientNorms() throws {
        let distiller = try distiller { ($0.adversarial.weight, $0.scoreIdentity.weight) = (1, 2) }
        _ = try distiller.step(0)
        let before = copy(distiller.generator.network.state)
        let norms = try distiller.gradientNorms(after: 1)
        #expect(norms.keys.sorted() == ["adversarial", "score_identity"])
        #expect(norms.values.allSatisfy { $0.isFinite && $0 > 0 })
        #expect(differing(distiller.generator.network.state, before).isEmpty)
    }

    @Test("is refused without what it needs")
    func refusals() throws {
        let recipe = Toy.recipe { ($0.adversarial.weight, $0.regression.weight) = (1, 0) }
        let teacher = ObservedDenoiser(ToyDenoiser(modes))
        #expect(throws: DistillationError.noRealImages) { try Distiller(recipe, teacher: teacher) }
        #expect(throws: DistillationError.noFeatures(term: "adversarial", network: "ToyDenoiser")) {
            try Distiller(recipe, teacher: ToyDenoiser(modes), realImages: real())
        }
        #expect(
            throws: DistillationError.foreignRealImages(
                what: "shape", expected: "[2, 1, 1]", found: "[3, 1, 1]")
        ) { try Distiller(recipe, teacher: teacher, realImages: real(shape: [3, 1, 1])) }
        var many = real()
        many.classes = 4
        #expect(
            throws: DistillationError.foreignRealImages(
                what: "number of classes", expected: "0", found: "4")
        ) { try Distiller(recipe, teacher: teacher, realImages: many) }
        var prompted = real()
        prompted.prompts = .ones([prompted.count, 3, 2])
        #expect(
            throws: DistillationError.foreignRealImages(
                what: "condition", expected: "nothing", found: "context")
        ) { try Distiller(recipe, teacher: teacher, realImages: prompted) }
        var beyond = recipe
        beyond.levels = [1_000, 3]
        #expect(throws: DistillationError.levelsBeyondSchedule([1_000, 3], count: 1_000)) {
            try Distiller(beyond, teacher: teacher, realImages: real())
        }
    }
}
