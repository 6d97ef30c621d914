// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Training

@Suite("The distiller")
struct DistillerTests {
    private static let modes = Mixture(centers: [[-0.6, 0], [0.6, 0.2]], shares: [0.5, 0.5], width: 0.1)
    private let toy = Toy(modes)

    @Test("begins with the teacher's weights in generator, critic and average")
    func beginning() throws {
        let distiller = try toy.distiller(Toy.recipe())
        for state in [distiller.generator.state, distiller.critic.state]
            + distiller.averages.members.map(\.state)
        {
            #expect(differing(state, toy.teacher.state).isEmpty)
        }
    }

    @Test("trains generator and critic, and leaves the teacher as it was, without gradients")
    func routing() throws {
        let before = copy(toy.teacher.state)
        let distiller = try toy.distiller(Toy.recipe { $0.warmUpSteps = 0 })
        for index in 0..<2 { _ = distiller.step(index) }
        #expect(differing(toy.teacher.state, before).isEmpty)
        #expect(toy.teacher.parameters.values.allSatisfy { $0.gradient == nil && !$0.requiresGrad })
        #expect(differing(distiller.generator.state, before).count == before.count)
        #expect(differing(distiller.critic.state, before).count == before.count)
        #expect(!differing(distiller.generator.state, distiller.critic.state).isEmpty)
    }

    @Test("the distribution matching loss reaches the generator alone, the critic's loss the critic alone")
    func lossRouting() {
        let networks = (0..<3).map { _ in ToyDenoiser(Self.modes) }
        let (teacher, generator, critic) = (networks[0], networks[1], networks[2])
        for network in networks { network.setRequiresGrad(true) }
        var stream = RandomStream(seed: 1, purpose: "test")
        let z = stream.normal([4, 2, 1, 1])
        let level = teacher.schedule.level(at: Tensor([100, 300, 500, 900]))
        let x = generator.generate(from: z)
        let noised = level.noising(x, noise: stream.normal([4, 2, 1, 1]))

        let gradient = distributionMatchingGradient(
            x: x, teacherX0: teacher(noised, at: level, condition: nil),
            criticX0: critic(noised, at: level, condition: nil) + 0.1, level: level)
        distributionMatchingLoss(x: x, gradient: gradient).backward()
        #expect(generator.parameters["output.weight"]?.gradient != nil)
        #expect([teacher, critic].flatMap(\.parameters.values).allSatisfy { $0.gradient == nil })

        generator.zeroGradients()
        criticLoss(
            prediction: critic(noised.detached(), at: level, condition: nil), x: x,
            weight: teacher.lossWeight(at: level)
        ).backward()
        #expect(critic.parameters["output.weight"]?.gradient != nil)
        #expect([teacher, generator].flatMap(\.parameters.values).allSatisfy { $0.gradient == nil })
    }

    @Test("a step is Algorithm 1, written out, or without distribution matching", arguments: [1.0, 0])
    func algorithm1(matchingWeight: Double) throws {
        let recipe = Toy.recipe {
            $0.warmUpSteps = 0
            $0.matchingWeight = matchingWeight
        }
        let distiller = try toy.distiller(recipe)
        let report = distiller.step(3)

        var zs = RandomStream(seed: 0, purpose: "distill.z", step: 3)
        var ts = RandomStream(seed: 0, purpose: "distill.t", step: 3)
        var noises = RandomStream(seed: 0, purpose: "distill.noise", step: 3)
        let (generator, critic) = (ToyDenoiser(Self.modes), ToyDenoiser(Self.modes))
        let pairs = toy.pairs.batch(16, step: 3, seed: 0)
        func perturb(_ x: Tensor, _ steps: Range<Int>) -> (Tensor, NoiseLevel) {
            let t = ts.integers(below: steps.count, shape: [32]) + Double(steps.lowerBound)
            let level = toy.teacher.schedule.level(at: t)
            return (level.noising(x, noise: noises.normal(x.shape)), level)
        }
        func descend(_ network: ToyDenoiser, on loss: Tensor) -> Tensor {
            let optimizer = AdamW(parameters: network.parameters, learningRate: recipe.learningRate)
            loss.backward()
            let norm = clipGradientNorm(network.parameters.values, to: 10)
            optimizer.step()
            return norm
        }

        generator.setRequiresGrad(true)
        let sigma = NoiseLevel(
            alpha: Tensor.ones([32]), sigma: Tensor.full([32], value: 80), time: Tensor.ones([32]))
        let x = generator(zs.normal([32, 2, 1, 1]) * 80, at: sigma, condition: nil)
        let (xt, level) = withoutGradients { perturb(x, 20..<980) }
        let g = withoutGradients {
            let teacher = toy.teacher(xt, at: level, condition: nil)
            return (critic(xt, at: level, condition: nil) - teacher)
                / (x - teacher).abs().mean(dims: [1, 2, 3], keepDims: true)
        }
        let matching = (x - (x - g).detached()).square().mean() * 0.5
        let regression = (generator.generate(from: pairs.z) - pairs.images).square().sum(dims: [1, 2, 3])
            .mean()
        let generatorNorm = descend(generator, on: matching * matchingWeight + regression * 0.25)

        critic.setRequiresGrad(true)
        let (noised, criticLevel) = perturb(x.detached(), 0..<1000)
        let weight = 1 / criticLevel.sigma.square() + 4
        let denoising = (weight * (critic(noised, at: criticLevel, condition: nil) - x.detached()).square())
            .mean()
        let criticNorm = descend(critic, on: denoising)

        for (found, expected) in [
            (report.distributionMatchingLoss, matching), (report.regressionLoss ?? Tensor(0), regression),
            (report.criticLoss, denoising), (report.generatorGradientNorm, generatorNorm),
            (report.criticGradientNorm, criticNorm), (report.images, x),
        ] {
            #expect(relativeDifference(found.detached(), expected.detached()) < 1e-5)
        }
        for (path, tensor) in distiller.generator.state {
            #expect(relativeDifference(tensor, generator.state[path] ?? Tensor(0)) < 1e-4, "\(path)")
        }
        for (path, tensor) in distiller.critic.state {
            #expect(relativeDifference(tensor, critic.state[path] ?? Tensor(0)) < 1e-4, "\(path)")
        }
    }

    @Test(
        "weighs a variance-preserving critic's loss by the signal-to-noise ratio, from pure noise at unit scale"
    )
    func variancePreserving() throws {
        let schedule = VariancePreservingSchedule.scaledLinear()
        let teacher = ToyDenoiser(Self.modes, schedule: schedule)
        let recipe = Toy.recipe {
            $0.lambda = 0
            $0.pairBatch = 0
        }
        let report = try Distiller(
            recipe, teacher: teacher, makeNetwork: { ToyDenoiser(Self.modes, schedule: schedule) }
        ).step(0)

        var zs = RandomStream(seed: 0, purpose: "distill.z")
        var ts = RandomStream(seed: 0, purpose: "distill.t")
        var noises = RandomStream(seed: 0, purpose: "distill.noise")
        let last = schedule.level(at: Tensor([Int](repeating: 999, count: 32)))
        let x = teacher(zs.normal([32, 2, 1, 1]), at: last, condition: nil)
        // Distribution matching draws first.
        _ = ts.integers(below: 960, shape: [32])
        _ = noises.normal(x.shape)
        let level = schedule.level(at: ts.integers(below: 1000, shape: [32]))
        let prediction = teacher(level.noising(x, noise: noises.normal(x.shape)), at: level, condition: nil)
        let expected = ((level.alpha / level.sigma).square() * (prediction - x).square()).mean()
        #expect(relativeDifference(report.images, x) < 1e-5)
        #expect(relativeDifference(report.criticLoss, expected) < 1e-4)
        #expect(report.regressionLoss == nil)
    }

    @Test("adds up the gradients of a batch's parts to that of the batch")
    func microBatches() throws {
        let whole = try toy.distiller(Toy.recipe { $0.criticSteps = 2 })
        let parts = try toy.distiller(
            Toy.recipe {
                $0.criticSteps = 2
                $0.microBatch = 12  // 11, 11 and 10 images with 6, 5 and 5 pairs
            })
        let (a, b) = (whole.step(0), parts.step(0))
        for (found, expected) in [
            (b.distributionMatchingLoss, a.distributionMatchingLoss), (b.criticLoss, a.criticLoss),
            (b.generatorGradientNorm, a.generatorGradientNorm), (b.criticGradientNorm, a.criticGradientNorm),
            (b.distributionMatchingGradientNorm, a.distributionMatchingGradientNorm), (b.images, a.images),
        ] {
            #expect(relativeDifference(found, expected) < 1e-4)
        }
    }

    @Test("gives the pairs to distribution matching and the critic when asked to")
    func joined() throws {
        let distiller = try toy.distiller(
            Toy.recipe {
                $0.pairsJoinBatch = true
                $0.microBatch = 16
            })
        let report = distiller.step(0)
        #expect(report.images.shape == [48, 2, 1, 1])
        let images = distiller.generator.generate(from: toy.pairs.batch(16, step: 0, seed: 0).z)
        #expect(images.shape == [16, 2, 1, 1])
    }

    @Test("does not let the critic's updates touch the generator")
    func criticSteps() throws {
        let (one, three) = (
            try toy.distiller(Toy.recipe()), try toy.distiller(Toy.recipe { $0.criticSteps = 3 })
        )
        _ = one.step(0)
        _ = three.step(0)
        #expect(differing(one.generator.state, three.generator.state).isEmpty)
        #expect(!differing(one.critic.state, three.critic.state).isEmpty)
    }

    @Test("tells its networks the classes that were drawn")
    func classes() throws {
        let toy = Toy(Self.modes, classCount: 3)
        let distiller = try toy.distiller(Toy.recipe { $0.warmUpSteps = 0 })
        for index in 0..<3 { _ = distiller.step(index) }
        // The last three columns of the input's weights belong to the classes.
        let moved =
            (distiller.generator.state["input.weight"] ?? Tensor(0))
            - (toy.teacher.state["input.weight"] ?? Tensor(0))
        #expect(moved.narrowed(dim: 1, start: 3, count: 3).abs().min().item() > 0)
    }

    @Test("refuses pairs of another teacher, and a regression without pairs")
    func foreignPairs() throws {
        let other = Toy(Self.modes, classCount: 2)
        func distiller(_ pairs: PairSet?) throws {
            _ = try Distiller(
                Toy.recipe(), teacher: toy.teacher, makeNetwork: { ToyDenoiser(Self.modes) }, pairs: pairs,
                distance: Toy.distance)
        }
        #expect(throws: DistillationError.noPairs) { try distiller(nil) }
        #expect(throws: DistillationError.foreignPairs(what: "number of classes", expected: "0", found: "2"))
        {
            try distiller(other.pairs)
        }
        #expect(throws: Never.self) { try distiller(toy.pairs) }
        toy.teacher.parameters["output.weight"]?.fill(0.01)
        let error = #expect(throws: DistillationError.self) { try distiller(toy.pairs) }
        #expect(error?.description.contains("fingerprint") == true)
    }

    @Test("measures a critic's lag without changing a run")
    func lag() throws {
        let (quiet, measured) = (try toy.distiller(Toy.recipe()), try toy.distiller(Toy.recipe()))
        let first = measured.criticLag(after: 0)
        #expect(first.critic.item() == first.teacher.item())
        for index in 0..<4 {
            _ = quiet.step(index)
            _ = measured.step(index)
            _ = measured.criticLag(after: index)
        }
        #expect(differing(quiet.critic.state, measured.critic.state).isEmpty)
    }

    @Test("averages the generator's weights, over every half-life")
    func average() throws {
        let distiller = try toy.distiller(
            Toy.recipe {
                $0.warmUpSteps = 0
                $0.emaHalfLifeImages = [1_000, 2.5]
            })
        for index in 0..<4 { _ = distiller.step(index) }
        #expect(distiller.averages.suffixes == ["", "-2.5"])
        let averaged = try (0..<2).map { try distiller.makeAveragedGenerator($0).state }
        for (network, average) in zip(averaged, distiller.averages.members) {
            #expect(differing(network, average.state).isEmpty)
            #expect(!differing(network, distiller.generator.state).isEmpty)
        }
        #expect(!differing(averaged[0], averaged[1]).isEmpty)
    }

    @Test("keeps weights, gradients and averages in float32 where networks compute in bfloat16")
    func bfloat16() throws {
        let (distiller, precise) = (
            try toy.distiller(Toy.recipe { $0.computeType = .bfloat16 }),
            try Toy(Self.modes).distiller(Toy.recipe())
        )
        // What the network adds to the ideal denoiser is 0 before the first step.
        _ = (distiller.step(0), precise.step(0))
        let report = distiller.step(1)
        #expect(report.images.dtype == .float32)
        let state = distiller.state.values.flatMap(\.values)
        #expect(state.allSatisfy { $0.dtype == .float32 })
        for network in [distiller.teacher, distiller.generator, distiller.critic] {
            #expect(network.computeType == .bfloat16)
        }
        let difference = relativeDifference(report.images, precise.step(1).images)
        #expect(difference > 0 && difference < 0.01)
    }

    @Test("refuses a way of computing that its network does not have")
    func unsupported() throws {
        let error = #expect(throws: DistillationError.self) {
            try toy.distiller(Toy.recipe { $0.gradientCheckpointing = true })
        }
        #expect(
            error?.description
                == "The recipe sets `gradientCheckpointing`, but ToyDenoiser has no part that conforms to Recomputing: "
                + "leave the key out, or let the network conform.")
    }
}

/// The paths at which two states differ, in any bit.
func differing(_ a: OrderedDictionary<String, Tensor>, _ b: OrderedDictionary<String, Tensor>) -> [String] {
    a.keys.filter { path in
        guard let a = a[path], let b = b[path] else { return true }
        return a.withUnsafeBytes { a in b.withUnsafeBytes { !a.elementsEqual($0) } }
    }
}

/// A state whose tensors do not change with the network.
func copy(_ state: OrderedDictionary<String, Tensor>) -> OrderedDictionary<String, Tensor> {
    state.mapValues { $0.detached().cloned() }
}
