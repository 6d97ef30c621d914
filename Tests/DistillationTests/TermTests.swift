// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import OrderedCollections
import Synchronization
import TestSupport
import Testing
import Torch
import Training

/// A term that is told what to do.
private struct Custom: GeneratorTerm {
    var name = "custom"
    var weight = 1.0
    var inputs: TermInputs = []
    let loss: @Sendable (GeneratorOutput) -> Tensor

    func callAsFunction(_ output: GeneratorOutput) -> TermValue {
        let loss = loss(output)
        return TermValue(loss, scalars: ["custom/double": loss.detached() * 2])
    }
}

@Suite("Terms of one's own")
struct TermTests {
    private let modes = Mixture(centers: [[-0.6, 0], [0.6, 0.2]], shares: [0.5, 0.5], width: 0.1)

    private func distiller(
        _ terms: [any GeneratorTerm], _ change: (inout DistillationRecipe) -> Void = { _ in }
    ) throws -> Distiller<ToyDenoiser> {
        try Toy(modes).distiller(
            Toy.recipe {
                $0.regression.weight = 0
                $0.warmUpSteps = 0
                $0.clipNorm = 1e9
                change(&$0)
            }, terms: terms)
    }

    /// Distribution matching once more.
    private func again(weight: Double) -> Custom {
        Custom(weight: weight, inputs: .scores) { output in
            DistributionMatching()(output).loss
        }
    }

    @Test("are weighed, and logged under their names")
    func weights() throws {
        // At first teacher and critic are the same, and there is nothing to match.
        let plain = try distiller([])
        let expected = [try plain.step(0), try plain.step(1)][1]
        var networks: [[Float]] = []
        for weight in [0.0, 2, 5] {
            let distiller = try distiller([again(weight: weight)])
            let report = [try distiller.step(0), try distiller.step(1)][1]
            let loss = report.value("loss/distribution_matching")
            #expect(abs(report.value("loss/custom") / loss - 1) < 1e-6)
            #expect(abs(report.value("custom/double") / (2 * loss) - 1) < 1e-6)
            #expect(abs(loss / expected.value("loss/distribution_matching") - 1) < 1e-6)
            let ratio = report.value("norm/generator") / expected.value("norm/generator")
            #expect(abs(ratio - (1 + weight)) < 1e-5 * (1 + weight), "\(ratio)")
            networks.append(distiller.generator.network.state.values.flatMap { $0.array(as: Float.self) })
        }
        #expect(networks[0] == plain.generator.network.state.values.flatMap { $0.array(as: Float.self) })
        #expect(
            try distiller([again(weight: 1)]).step(0).measured.keys.sorted() == [
                "custom/double", "loss/custom", "loss/denoising", "loss/distribution_matching",
                "norm/critic", "norm/distribution_matching", "norm/generator",
            ])
    }

    @Test("change the generator as their gradient has it")
    func change() throws {
        // All points to the right: the mean of the first coordinate rises.
        let push = Custom(weight: 100) {
            -$0.samples.selected(dim: 1, index: 0).flattened(from: 1).mean(dims: [1])
        }
        let (pushed, plain) = (try distiller([push]), try distiller([]))
        let reports = [try pushed.step(0), try plain.step(0)]
        #expect(relativeDifference(reports[0].images, reports[1].images) < 1e-6)
        let mean = -reports[0].images.selected(dim: 1, index: 0).mean().item()
        #expect(abs(reports[0].value("loss/custom") - mean) < 1e-5)
        for index in 1..<20 { _ = (try pushed.step(index), try plain.step(index)) }
        let z = Toy.normals("test")
        let means = [pushed, plain].map {
            Generator($0.generator.network)(z).selected(dim: 1, index: 0).mean().item()
        }
        #expect(means[0] > means[1] + 0.1, "\(means)")
        #expect(!differing(pushed.generator.network.state, plain.generator.network.state).isEmpty)
    }

    @Test("that do not ask for anything get the samples alone, and gradient only where they ask for it")
    func inputs() throws {
        let seen = Mutex<[[Bool]]>([])
        func spy(_ inputs: TermInputs) -> Custom {
            Custom(inputs: inputs) { output in
                let scores = output.scores
                seen.withLock {
                    $0.append([
                        output.samples.requiresGrad, scores != nil, output.pairs != nil,
                        scores?.teacher.x0.requiresGrad ?? false, scores?.critic.x0.requiresGrad ?? false,
                        scores?.noised.requiresGrad ?? false,
                    ])
                }
                return output.samples.flattened(from: 1).mean(dims: [1])
            }
        }
        func found(_ inputs: TermInputs) throws -> Set<[Bool]> {
            seen.withLock { $0 = [] }
            _ = try distiller([spy(inputs)]) { $0.microBatch = 8 }.step(0)
            return seen.withLock {
                #expect($0.count == 4)
                return Set($0)
            }
        }
        // Distribution matching asks for scores, without gradient.
        #expect(try found([]) == [[true, true, false, false, false, false]])
        #expect(try found([.scores]) == [[true, true, false, false, false, false]])
        #expect(try found([.scores, .scoreGradients]) == [[true, true, false, true, true, true]])
    }

    @Test(
        "that read scores with their gradient get it through teacher and critic, and leave both without any")
    func scoreGradients() throws {
        let term = Custom(weight: 3, inputs: [.scores, .scoreGradients]) { output in
            guard let scores = output.scores else { return output.samples.flattened(from: 1).sum(dims: [1]) }
            return (scores.teacher.x0.square() - scores.critic.x0 * scores.teacher.x0 + scores.noised)
                .flattened(from: 1).sum(dims: [1])
        }
        // Next to nothing of distribution matching.
        let distiller = try distiller([term]) { $0.distributionMatching.weight = 1e-30 }
        let (teacher, critic) = (ToyDenoiser(modes), ToyDenoiser(modes))
        let before = copy(teacher.state)
        let report = try distiller.step(0)

        let generator = ToyDenoiser(modes)
        generator.setRequiresGrad(true)
        let x = Generator(generator)(Toy.normals("distill.generator.z"))
        let level = teacher.schedule.level(at: Toy.levels("distill.generator.level", 20..<980))
        let noised = level.noising(x, noise: Toy.normals("distill.generator.noise"))
        let (base, fake) = (teacher(noised, at: level, given: nil), critic(noised, at: level, given: nil))
        let loss = (base.square() - fake * base + noised).flattened(from: 1).sum(dims: [1]).mean()
        (loss * 3).backward()
        let norm = clipGradientNorm(generator.parameters.values, to: .infinity).item()
        #expect(norm > 0)
        #expect(abs(report.value("loss/custom") / loss.item() - 1) < 1e-5)
        #expect(abs(report.value("norm/generator") / norm - 1) < 1e-4)

        for network in [distiller.teacher, distiller.critic.network, distiller.generator.network] {
            #expect(network.parameters.values.allSatisfy { $0.gradient == nil && !$0.requiresGrad })
        }
        #expect(differing(distiller.teacher.state, before).isEmpty)
        // The critic learns from its own loss alone.
        let other = try self.distiller([]) { $0.distributionMatching.weight = 1e-30 }
        let plain = try other.step(0)
        #expect(report.value("norm/critic") == plain.value("norm/critic"))
    }

    @Test("that read features are refused where the network shows none")
    func noFeatures() throws {
        let term = Custom(name: "perceptual", inputs: [.scores, .features]) {
            $0.samples.flattened(from: 1).mean(dims: [1])
        }
        let error = #expect(throws: DistillationError.self) { try distiller([term]) }
        #expect(error == .noFeatures(term: "perceptual", network: "ToyDenoiser"))
        #expect(
            error?.description
                == "The term `perceptual` reads inner features, which ToyDenoiser does not show: leave the term out, or let "
                + "the network conform to FeatureDenoiser.")
    }

    @Test("that read pairs are refused where there are none")
    func noPairs() throws {
        let term = Custom(inputs: .pairs) { $0.samples.flattened(from: 1).mean(dims: [1]) }
        #expect(throws: DistillationError.noPairs) { try distiller([term]) }
        let toy = Toy(modes)
        let recipe = Toy.recipe { ($0.distributionMatching.weight, $0.regression.weight) = (0, 0) }
        // Pairs alone are enough for a term that reads nothing else.
        let ofPairs = try Distiller(recipe, teacher: toy.teacher, pairs: toy.pairs, terms: [term])
        #expect(
            try ofPairs.step(0).measured.keys.sorted() == [
                "custom/double", "loss/custom", "norm/generator",
            ])
        #expect(throws: DistillationError.noTerms) { try Distiller(recipe, teacher: toy.teacher) }
    }

    @Test("that read pairs get a loss for each pair, beside the recipe's own")
    func pairs() throws {
        let toy = Toy(modes)
        let term = Custom(weight: 0.5, inputs: .pairs) { output in
            guard let pairs = output.pairs else { return .zeros([1]) }
            return Toy.distance(pairs.generated, pairs.target)
        }
        let report = try toy.distiller(
            Toy.recipe {
                $0.microBatch = 12
                $0.distributionMatching.weight = 0
                $0.clipNorm = 1e9
            }, terms: [term]
        ).step(0)
        let plain = try toy.distiller(
            Toy.recipe { ($0.distributionMatching.weight, $0.clipNorm) = (0, 1e9) }
        ).step(0)
        #expect(abs(report.value("loss/custom") / report.value("loss/regression") - 1) < 1e-6)
        #expect(abs(report.value("loss/regression") / plain.value("loss/regression") - 1) < 1e-5)
        // 0.25 of the recipe's and 0.5 of the term.
        #expect(abs(report.value("norm/generator") / plain.value("norm/generator") - 3) < 1e-4)
    }

    @Test(
        "read features of teacher and critic, of the one evaluation that all terms share", arguments: [8, 32])
    func features(microBatch: Int) throws {
        let teacher = ObservedDenoiser(ToyDenoiser(modes))
        let reads = Mutex(0)
        let term = Custom(inputs: [.scores, .features, .scoreGradients]) { output in
            guard let scores = output.scores, scores.teacher.features.count == 2,
                scores.critic.features.count == 2
            else { return output.samples.flattened(from: 1).sum(dims: [1]) * .nan }
            let twice = scores.teacher.features[0] - scores.noised * 2
            let same = scores.critic.features[1] - scores.critic.x0
            reads.withLock { $0 += scores.teacher.features[0].requiresGrad ? 1 : 0 }
            return (twice.abs() + same.abs()).flattened(from: 1).sum(dims: [1])
        }
        let recipe = Toy.recipe {
            $0.regression.weight = 0
            $0.microBatch = microBatch
        }
        let report = try Distiller(recipe, teacher: teacher, terms: [term, again(weight: 1)]).step(0)
        #expect(report.fault == nil && report.value("loss/custom") == 0)
        let parts = 32 / microBatch
        #expect(reads.withLock { $0 } == parts)
        expectCounts(teacher.evaluations(), parts: parts, microBatch: microBatch, features: true)
    }

    @Test(
        "do not make teacher and critic work more often: once for a micro-batch and a turn",
        arguments: [8, 32])
    func counts(microBatch: Int) throws {
        let teacher = ObservedDenoiser(ToyDenoiser(modes))
        let recipe = Toy.recipe {
            $0.regression.weight = 0
            $0.microBatch = microBatch
        }
        let distiller = try Distiller(
            recipe, teacher: teacher,
            terms: [again(weight: 1), again(weight: 0)].enumerated().map {
                var term = $1
                term.name = "again_\($0)"
                return term
            })
        _ = teacher.evaluations()
        _ = try distiller.step(0)
        expectCounts(teacher.evaluations(), parts: 32 / microBatch, microBatch: microBatch, features: false)
    }

    private func expectCounts(
        _ evaluations: [ObservedDenoiser.Evaluation], parts: Int, microBatch: Int, features: Bool
    ) {
        func count(_ role: String, features: Bool, isRecording: Bool) -> Int {
            evaluations.count {
                $0
                    == .init(
                        role: role, count: microBatch, wantsFeatures: features, isRecording: isRecording)
            }
        }
        // The generator once for its turn, whose samples the critic's turn takes over; the critic twice.
        #expect(evaluations.count == 4 * parts)
        #expect(count("generator", features: false, isRecording: true) == parts)
        #expect(count("teacher", features: features, isRecording: features) == parts)
        let inGeneratorsTurn = count("critic", features: features, isRecording: features)
        let inOwnTurn = count("critic", features: false, isRecording: true)
        #expect(inGeneratorsTurn == parts && inOwnTurn == parts)
    }
}
