// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Models
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
        let averages = try #require(distiller.generator.averages)
        for state in [distiller.generator.network.state, distiller.critic.network.state]
            + averages.each.map(\.state)
        {
            #expect(differing(state, toy.teacher.state).isEmpty)
        }
    }

    @Test("trains generator and critic, and leaves the teacher as it was, without gradients")
    func routing() throws {
        let before = copy(toy.teacher.state)
        let distiller = try toy.distiller(Toy.recipe { $0.warmUpSteps = 0 })
        for index in 0..<2 { _ = try distiller.step(index) }
        #expect(differing(toy.teacher.state, before).isEmpty)
        #expect(toy.teacher.parameters.values.allSatisfy { $0.gradient == nil && !$0.requiresGrad })
        let (generator, critic) = (distiller.generator.network.state, distiller.critic.network.state)
        #expect(differing(generator, before).count == before.count)
        #expect(differing(critic, before).count == before.count)
        #expect(!differing(generator, critic).isEmpty)
    }

    @Test("the distribution matching loss reaches the generator alone, the critic's loss the critic alone")
    func lossRouting() {
        let networks = (0..<3).map { _ in ToyDenoiser(Self.modes) }
        let (teacher, generator, critic) = (networks[0], networks[1], networks[2])
        for network in networks { network.setRequiresGrad(true) }
        var stream = RandomStream(seed: 1, purpose: "test")
        let z = stream.normal([4, 2, 1, 1])
        let level = teacher.schedule.level(at: Tensor([100, 300, 500, 900]))
        let x = Generator(generator)(z)
        let noised = level.noising(x, noise: stream.normal([4, 2, 1, 1]))

        let gradient = distributionMatchingGradient(
            x: x, teacherX0: teacher(noised, at: level, given: nil),
            criticX0: critic(noised, at: level, given: nil) + 0.1, level: level)
        distributionMatchingLoss(x: x, gradient: gradient).mean().backward()
        #expect(generator.parameters["output.weight"]?.gradient != nil)
        #expect([teacher, critic].flatMap(\.parameters.values).allSatisfy { $0.gradient == nil })

        generator.zeroGradients()
        denoisingLoss(
            prediction: critic(noised.detached(), at: level, given: nil), x: x,
            weight: teacher.lossWeight(at: level)
        ).mean().backward()
        #expect(critic.parameters["output.weight"]?.gradient != nil)
        #expect([teacher, generator].flatMap(\.parameters.values).allSatisfy { $0.gradient == nil })
    }

    @Test("a step is Algorithm 1, written out, at any weight of distribution matching", arguments: [1, 0.5])
    func algorithm1(matchingWeight: Double) throws {
        let recipe = Toy.recipe {
            $0.warmUpSteps = 0
            $0.distributionMatching.weight = matchingWeight
        }
        let distiller = try toy.distiller(recipe)
        let report = try distiller.step(3)

        let (generator, critic) = (ToyDenoiser(Self.modes), ToyDenoiser(Self.modes))
        let pairs = try toy.pairs.batch(16, step: 3, seed: 0)
        func perturb(_ x: Tensor, _ turn: String, _ steps: Range<Int>) -> (Tensor, NoiseLevel) {
            let level = toy.teacher.schedule.level(at: Toy.levels("\(turn).level", steps, step: 3))
            return (level.noising(x, noise: Toy.normals("\(turn).noise", step: 3)), level)
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
        let x = generator(Toy.normals("distill.generator.z", step: 3) * 80, at: sigma, given: nil)
        let (xt, level) = withoutGradients { perturb(x, "distill.generator", 20..<980) }
        let (g, norms) = withoutGradients {
            let teacher = toy.teacher(xt, at: level, given: nil)
            let g =
                (critic(xt, at: level, given: nil) - teacher)
                / (x - teacher).abs().mean(dims: [1, 2, 3], keepDims: true)
            return (g, g.square().sum(dims: [1, 2, 3]).sqrt())
        }
        let matching = (x - (x - g).detached()).square().mean() * 0.5
        let regression = (Generator(generator)(pairs.z) - pairs.images).square().sum(dims: [1, 2, 3])
            .mean()
        let generatorNorm = descend(generator, on: matching * matchingWeight + regression * 0.25)

        critic.setRequiresGrad(true)
        let (noised, criticLevel) = perturb(x.detached(), "distill.critic.0", 0..<1000)
        let weight = (1 / criticLevel.sigma.square() + 4).reshaped([32, 1, 1, 1])
        let denoising = (weight * (critic(noised, at: criticLevel, given: nil) - x.detached()).square())
            .mean()
        let criticNorm = descend(critic, on: denoising)

        let measured = [
            "loss/distribution_matching": matching, "loss/regression": regression,
            "loss/denoising": denoising, "norm/generator": generatorNorm, "norm/critic": criticNorm,
            "norm/distribution_matching": norms.mean(),
        ].mapValues { $0.detached() }
        #expect(differences(report.measured, from: measured, tolerance: 1e-5) == [])
        #expect(report.scalars().keys.sorted() == measured.keys.sorted())
        #expect(relativeDifference(report.images, x.detached()) < 1e-5)
        for (path, tensor) in distiller.generator.network.state {
            #expect(relativeDifference(tensor, generator.state[path] ?? Tensor(0)) < 1e-4, "\(path)")
        }
        for (path, tensor) in distiller.critic.network.state {
            #expect(relativeDifference(tensor, critic.state[path] ?? Tensor(0)) < 1e-4, "\(path)")
        }
    }

    @Test(
        "weighs a variance-preserving critic's loss by the signal-to-noise ratio, from pure noise at unit scale"
    )
    func variancePreserving() throws {
        let schedule = VariancePreservingSchedule.scaledLinear()
        let teacher = ToyDenoiser(Self.modes, schedule: schedule)
        let report = try Distiller(Toy.recipe { $0.regression.weight = 0 }, teacher: teacher).step(0)

        let last = schedule.level(at: Tensor([Int](repeating: 999, count: 32)))
        let x = teacher(Toy.normals("distill.generator.z"), at: last, given: nil)
        let level = schedule.level(at: Toy.levels("distill.critic.0.level", 0..<1000))
        let noised = level.noising(x, noise: Toy.normals("distill.critic.0.noise"))
        let prediction = teacher(noised, at: level, given: nil)
        let weight = (level.alpha / level.sigma).square().reshaped([32, 1, 1, 1])
        let expected = (weight * (prediction - x).square()).mean()
        #expect(relativeDifference(report.images, x) < 1e-5)
        #expect(abs(report.value("loss/denoising") / expected.item() - 1) < 1e-4)
        #expect(report.measured["loss/regression"] == nil)
    }

    @Test("further updates of the critic are on fresh samples of the generator as it is by then")
    func freshSamples() throws {
        let recipe = Toy.recipe {
            $0.regression.weight = 0
            $0.critic.steps = 2
            $0.warmUpSteps = 0
        }
        let distiller = try toy.distiller(recipe)
        let report = try distiller.step(0)
        // The loss is the mean of the two; the first is on the samples that the generator was judged by.
        func loss(_ turn: Int, _ x: Tensor, _ critic: ToyDenoiser) -> Double {
            let level = critic.schedule.level(at: Toy.levels("distill.critic.\(turn).level", 0..<1000))
            let noised = level.noising(x, noise: Toy.normals("distill.critic.\(turn).noise"))
            return denoisingLoss(
                prediction: critic(noised, at: level, given: nil), x: x,
                weight: critic.lossWeight(at: level)
            ).mean().item()
        }
        let first = loss(0, report.images, toy.teacher)
        let one = try toy.distiller(Toy.recipe { ($0.regression.weight, $0.warmUpSteps) = (0, 0) })
        _ = try one.step(0)
        let fresh = Generator(distiller.generator.network)(Toy.normals("distill.critic.1.z"))
        let second = loss(1, fresh, one.critic.network)
        #expect(abs(report.value("loss/denoising") / ((first + second) / 2) - 1) < 1e-4)
        #expect(abs(first / second - 1) > 1e-3)
    }

    @Test(
        "draws the same batch in micro-batches of any size, on any number of threads", arguments: [1, 2, 3])
    func microBatches(threads: Int) throws {
        func step(_ microBatch: Int?, _ threads: Int) throws -> (StepReport, [Float]) {
            let distiller = try Toy(Self.modes, classCount: 3).distiller(
                Toy.recipe {
                    $0.critic.steps = 2
                    $0.microBatch = microBatch
                    $0.warmUpSteps = 0
                })
            let report = try LibTorch.withThreads(threads) { try distiller.step(5) }
            let state = distiller.state.sorted { $0.key < $1.key }.flatMap(\.value.values)
            return (report, state.flatMap { $0.array(as: Float.self) })
        }
        let (whole, weights) = try step(32, 1)
        #expect(whole.images.shape == [32, 2, 1, 1])
        // 5: seven parts of 5 or 4 images with 3 or 2 pairs; 12: 11, 11 and 10 images with 6, 5 and 5 pairs.
        for microBatch in [5, 12, 32, nil] {
            let (parts, others) = try step(microBatch, threads)
            #expect(relativeDifference(parts.images, whole.images) < 1e-5)
            #expect(differences(parts.measured, from: whole.measured, tolerance: 1e-4) == [])
            #expect(weights.count == others.count)
            let largest = zip(weights, others).map { abs($0 - $1) }.max() ?? .infinity
            #expect(largest < 1e-3, "\(largest)")
        }
    }

    @Test("makes no samples that no term reads", arguments: [nil, 8])
    func pairsAlone(microBatch: Int?) throws {
        let teacher = ObservedDenoiser(toy.teacher)
        let distiller = try Distiller(
            Toy.recipe {
                $0.distributionMatching.weight = 0
                $0.microBatch = microBatch
            }, teacher: teacher, pairs: toy.pairs, distance: { Toy.distance($0, $1) })
        let report = try distiller.step(0)
        let evaluations = teacher.evaluations()
        #expect(evaluations.allSatisfy { $0.role == "generator" })
        #expect(evaluations.reduce(0) { $0 + $1.count } == 16)
        let pairs = try toy.pairs.batch(16, step: 0, seed: 0)
        #expect(relativeDifference(report.images, Generator(toy.teacher)(pairs.z)) < 1e-5)
        let expected = Toy.distance(Generator(toy.teacher)(pairs.z), pairs.images).mean().item()
        #expect(abs(report.value("loss/regression") / expected - 1) < 1e-5)
    }

    @Test("gives the pairs to distribution matching and the critic when asked to")
    func joined() throws {
        let teacher = ObservedDenoiser(toy.teacher)
        func step(_ microBatch: Int) throws -> StepReport {
            let recipe = Toy.recipe {
                $0.regression.joinBatch = true
                $0.microBatch = microBatch
            }
            return try Distiller(
                recipe, teacher: teacher, pairs: toy.pairs, distance: { Toy.distance($0, $1) }
            ).step(0)
        }
        let pairs = try toy.pairs.batch(16, step: 0, seed: 0)
        let (fresh, paired) = (
            Generator(toy.teacher)(Toy.normals("distill.generator.z")), Generator(toy.teacher)(pairs.z)
        )
        let whole = try step(32)
        #expect(whole.images.shape == [48, 2, 1, 1])
        let parts = whole.images.split(sizes: [32, 16])
        #expect(relativeDifference(parts[0], fresh) < 1e-5)
        #expect(relativeDifference(parts[1], paired) < 1e-5)
        #expect(teacher.evaluations().filter { $0.role == "teacher" }.map(\.count) == [48])

        // They go with the samples of their part, and are noised as in the whole batch.
        let halves = try step(16)
        let expected = Tensor.concatenated(
            zip(fresh.chunked(2), paired.chunked(2)).flatMap { [$0, $1] })
        #expect(relativeDifference(halves.images, expected) < 1e-5)
        #expect(differences(halves.measured, from: whole.measured, tolerance: 1e-4) == [])

        // Not joined, they are judged by nobody but the regression loss.
        let apart = try toy.distiller(Toy.recipe()).step(0)
        #expect(relativeDifference(apart.images, fresh) < 1e-5)
        #expect(abs(apart.value("loss/regression") / whole.value("loss/regression") - 1) < 1e-5)
        #expect(abs(apart.value("loss/denoising") / whole.value("loss/denoising") - 1) > 1e-3)
    }

    @Test("does not let the critic's updates touch the generator")
    func criticSteps() throws {
        let (one, three) = (
            try toy.distiller(Toy.recipe()), try toy.distiller(Toy.recipe { $0.critic.steps = 3 })
        )
        _ = try one.step(0)
        _ = try three.step(0)
        #expect(differing(one.generator.network.state, three.generator.network.state).isEmpty)
        #expect(!differing(one.critic.network.state, three.critic.network.state).isEmpty)
    }

    @Test("tells its networks the classes that were drawn")
    func classes() throws {
        let toy = Toy(Self.modes, classCount: 3)
        let distiller = try toy.distiller(Toy.recipe { $0.warmUpSteps = 0 })
        let report = try distiller.step(0)
        let drawn = RandomStream.integers(
            below: 3, 0..<32, seed: 0, purpose: "distill.generator.condition", step: 0)
        #expect(Set(drawn) == [0, 1, 2])
        let z = Toy.normals("distill.generator.z")
        let expected = Generator(toy.teacher)(z, given: ClassConditions(count: 3)(drawn))
        #expect(relativeDifference(report.images, expected) < 1e-5)
        for index in 1..<3 { _ = try distiller.step(index) }
        // The last three columns of the input's weights belong to the classes.
        let moved =
            (distiller.generator.network.state["input.weight"] ?? Tensor(0))
            - (toy.teacher.state["input.weight"] ?? Tensor(0))
        #expect(moved.narrowed(dim: 1, start: 3, count: 3).abs().min().item() > 0)
    }

    @Test("refuses weights in int8, which have no gradients")
    func int8() throws {
        var network = UNetConfiguration.fashionMNIST
        network.modelChannels = 8
        let teacher = DenoiserDescription(network: network).makeDenoiser()
        let layer = try #require(teacher.int8Layers.values.first)
        layer.use(
            try Int8Weights(
                weight: layer.weight.to(.int8), scales: .ones([layer.weight.shape[0]]), bias: layer.bias,
                inputScale: 1, inputZeroPoint: 0))
        #expect(throws: DistillationError.int8Weights) {
            _ = try Distiller(Toy.recipe { $0.regression.weight = 0 }, teacher: teacher)
        }
    }

    @Test("refuses pairs of another teacher, and a regression without pairs")
    func foreignPairs() throws {
        let other = Toy(Self.modes, classCount: 2)
        func distiller(_ pairs: PairSet?) throws {
            _ = try Distiller(
                Toy.recipe(), teacher: toy.teacher, pairs: pairs, distance: { Toy.distance($0, $1) })
        }
        #expect(throws: DistillationError.noPairs) { try distiller(nil) }
        #expect(throws: DistillationError.noPairs) {
            _ = try Distiller(Toy.recipe(), teacher: toy.teacher, pairs: toy.pairs)
        }
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
        let first = try #require(try measured.criticLag(after: 0))
        #expect(first.critic == first.teacher && first.critic > 0)
        for index in 0..<4 {
            _ = try quiet.step(index)
            _ = try measured.step(index)
            _ = try measured.criticLag(after: index)
        }
        #expect(differing(quiet.critic.network.state, measured.critic.network.state).isEmpty)
        #expect(differing(quiet.generator.network.state, measured.generator.network.state).isEmpty)

        // Samples, levels and noise have names of their own.
        let lag = try #require(try measured.criticLag(after: 7))
        let x = Generator(measured.generator.network)(Toy.normals("health.z", step: 7))
        let level = toy.teacher.schedule.level(at: Toy.levels("health.level", 0..<1000, step: 7))
        let noised = level.noising(x, noise: Toy.normals("health.noise", step: 7))
        for (network, found) in [(measured.critic.network, lag.critic), (toy.teacher, lag.teacher)] {
            let expected = denoisingLoss(
                prediction: network(noised, at: level, given: nil), x: x,
                weight: toy.teacher.lossWeight(at: level)
            ).mean().item()
            #expect(abs(found / expected - 1) < 1e-5)
        }
    }

    @Test("averages the generator's weights, over every half-life")
    func average() throws {
        let distiller = try toy.distiller(
            Toy.recipe {
                $0.warmUpSteps = 0
                $0.emaHalfLifeImages = [1_000, 2.5]
            })
        for index in 0..<4 { _ = try distiller.step(index) }
        let averages = try #require(distiller.generator.averages)
        #expect(averages.suffixes == ["", "-2.5"] && distiller.critic.averages == nil)
        let generators = (0..<2).map { distiller.averagedGenerator($0) }
        #expect(generators.map(\.levels) == [[999], [999]])
        let averaged = generators.map(\.network.state)
        for (network, average) in zip(averaged, averages.each) {
            #expect(differing(network, average.state).isEmpty)
            #expect(!differing(network, distiller.generator.network.state).isEmpty)
        }
        #expect(!differing(averaged[0], averaged[1]).isEmpty)
        #expect(differing(distiller.averagedGenerator().network.state, averaged[0]).isEmpty)
    }

    @Test("keeps weights, gradients and averages in float32 where networks compute in bfloat16")
    func bfloat16() throws {
        let (distiller, precise) = (
            try toy.distiller(Toy.recipe { $0.computeType = .bfloat16 }),
            try Toy(Self.modes).distiller(Toy.recipe())
        )
        // What the network adds to the ideal denoiser is 0 before the first step.
        _ = (try distiller.step(0), try precise.step(0))
        let report = try distiller.step(1)
        #expect(report.images.dtype == .float32)
        let state = distiller.state.values.flatMap(\.values)
        #expect(state.allSatisfy { $0.dtype == .float32 })
        for network in [distiller.teacher, distiller.generator.network, distiller.critic.network] {
            #expect(network.computeType.value == .bfloat16)
        }
        let difference = relativeDifference(report.images, try precise.step(1).images)
        #expect(difference > 0 && difference < 0.01)
    }

    @Test("refuses a way of computing that its network does not have")
    func unsupported() throws {
        let error = #expect(throws: DistillationError.self) {
            try toy.distiller(Toy.recipe { $0.gradientCheckpointing = true })
        }
        #expect(
            error?.description
                == "The recipe sets `gradientCheckpointing`, but ToyDenoiser has no part that conforms to ActivationCheckpointing: "
                + "leave the key out, or let the network conform.")
    }

    @Test("trains the network of a guided teacher, which guides none but the teacher")
    func guided() throws {
        let base = ToyDenoiser(Self.modes, classCount: 3)
        // A network that is 0 knows no classes.
        var stream = RandomStream(seed: 3, purpose: "guided")
        base.parameters["output.weight"]?.copy(from: stream.normal([2, 64]) * 0.05)
        let teacher = Guided(base, guidance: 4, unconditional: .classes(.zeros([1, 3])))
        let recipe = Toy.recipe { $0.regression.weight = 0 }
        let distiller = try Distiller(recipe, teacher: teacher)
        #expect(type(of: distiller.generator.network) == ToyDenoiser.self)
        let report = try distiller.step(0)
        #expect(report.fault == nil)

        let drawn = RandomStream.integers(
            below: 3, 0..<32, seed: 0, purpose: "distill.generator.condition", step: 0)
        let condition = ClassConditions(count: 3)(drawn)
        let x = Generator(base)(Toy.normals("distill.generator.z"), given: condition)
        #expect(relativeDifference(report.images, x) < 1e-5)
        let level = base.schedule.level(at: Toy.levels("distill.generator.level", 20..<980))
        let noised = level.noising(x, noise: Toy.normals("distill.generator.noise"))
        let critic = base(noised, at: level, given: condition)
        let alone = base(noised, at: level, given: .classes(.zeros([32, 3])))
        let expected = distributionMatchingLoss(
            x: x,
            gradient: distributionMatchingGradient(
                x: x, teacherX0: alone + 4 * (critic - alone), criticX0: critic, level: level)
        ).mean().item()
        #expect(expected > 0)
        #expect(abs(report.value("loss/distribution_matching") / expected - 1) < 1e-4)
    }

    @Test(
        "takes samples of any rank, and noise without any signal in it",
        arguments: [[2], [1, 2], [2, 1, 1]])
    func ranks(shape: [Int]) throws {
        for schedule: any NoiseSchedule in [KarrasSchedule(), RectifiedFlowSchedule()] {
            let toy = Toy(Self.modes, schedule: schedule, sampleShape: shape)
            let recipe = Toy.recipe {
                $0.warmUpSteps = 0
                $0.scoreLevels.maximum = 1
                $0.critic.steps = 2
            }
            let distiller = try toy.distiller(recipe)
            for index in 0..<3 {
                let report = try distiller.step(index)
                #expect(report.fault == nil && report.images.shape == [32] + shape)
                #expect(report.scalars().count == 6 && report.scalars().values.allSatisfy(\.isFinite))
                #expect(try distiller.scalars(of: report, done: index + 1)["images/std"]?.isFinite == true)
            }
            // The same points in another shape.
            let first = try Toy(Self.modes, schedule: schedule, sampleShape: [2]).distiller(recipe).step(0)
            let same = try Toy(Self.modes, schedule: schedule, sampleShape: shape).distiller(recipe).step(0)
            #expect(relativeDifference(same.images.reshaped([32, 2]), first.images) < 1e-5)
            #expect(differences(same.measured, from: first.measured, tolerance: 1e-4) == [])
        }
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
