// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Diffusion
import Distillation
import Encoders
import Evaluation
import Foundation
import Models
import OrderedCollections
import Testing
import Torch
import Training
import Weights

/// Whole steps on the mirror device: that no operator takes tensors of two devices, that they come to what the CPU comes to, and how
/// often the host waits.
@Suite("Work on a device of its own", .serialized)
struct DeviceStepTests {
    // MARK: Distillation

    enum Method: String, CaseIterable, Sendable {
        case pairs, joined, regressionAlone, adversarial, criticTrunk, weighted, identity, fewSteps,
            recomputed

        var recipe: DistillationRecipe {
            var recipe = DistillationRecipe()
            (recipe.steps, recipe.batch, recipe.microBatch, recipe.warmUpSteps) = (4, 6, 3, 0)
            (recipe.regression.batch, recipe.learningRate, recipe.emaHalfLifeImages) = (4, 1e-3, [1_000])
            if ![.pairs, .joined, .regressionAlone, .recomputed].contains(self) {
                recipe.regression.weight = 0
            }
            switch self {
            case .pairs: break
            case .joined: recipe.regression.joinBatch = true
            case .regressionAlone: recipe.distributionMatching.weight = 0
            case .adversarial: (recipe.adversarial.weight, recipe.adversarial.r1Weight) = (1, 0.5)
            case .criticTrunk: (recipe.adversarial.weight, recipe.adversarial.trunk) = (1, .critic)
            case .weighted:
                (recipe.distributionMatching.divergence, recipe.adversarial.weight) = (.forwardKL, 0.1)
            case .identity: (recipe.distributionMatching.weight, recipe.scoreIdentity.weight) = (0, 1)
            case .fewSteps: recipe.levels = [999, 500]
            case .recomputed: recipe.gradientCheckpointing = true
            }
            return recipe
        }

        /// How often the host waits in a step: for whether each update is finite, and for the ratios that weights are balanced by.
        var reads: Int {
            switch self {
            case .regressionAlone: 1
            case .weighted: 3
            default: 2
            }
        }

        /// Copies of a step's draws, pairs and real images to the device, for two micro-batches.
        func writes(isOfText: Bool) -> Int {
            switch self {
            case .pairs, .joined, .recomputed: isOfText ? 20 : 18
            case .regressionAlone: 6
            case .adversarial, .weighted: isOfText ? 32 : 30
            case .criticTrunk: isOfText ? 30 : 28
            case .identity: isOfText ? 14 : 12
            case .fewSteps: 14
            }
        }
    }

    /// What the first step measured, and the traffic of the second.
    private func twoSteps<Teacher: Denoiser>(
        _ recipe: DistillationRecipe, _ teacher: Teacher, conditions: (any ConditionSource)? = nil,
        on device: Device
    ) throws -> (measured: [String: Double], traffic: Traffic) {
        let shape = teacher.sampleShape
        let description = PairDescription(
            count: 8, seed: 0, sampleShape: shape, classCount: teacher.classCount,
            prompts: conditions.map { PairDescription.Prompts($0, guidance: 3) },
            teacher: fingerprint(of: teacher.state), sampler: "none")
        var stream = RandomStream(seed: 1, purpose: "images")
        let distiller = try Distiller(
            recipe, teacher: teacher,
            pairs: recipe.regression.weight > 0
                ? PairSet(description, images: stream.normal([8] + shape), conditions: conditions) : nil,
            distance: { ($0 - $1).square().flattened(from: 1).mean(dims: [1]) },
            realImages: Squares(
                shape: shape, classCount: teacher.classCount,
                prompts: conditions == nil ? nil : Self.prompts(8)), conditions: conditions, device: device)
        let first = try distiller.step(0)
        #expect(first.fault == nil)
        let (traffic, second) = try Traffic.of { try distiller.step(1) }
        #expect(second.fault == nil)
        return (first.measured.mapValues { $0.item() }, traffic)
    }

    private func expectSame(_ found: [String: Double], _ expected: [String: Double]) {
        #expect(found.keys.sorted() == expected.keys.sorted())
        for (name, value) in expected {
            let difference = abs((found[name] ?? .nan) - value)
            #expect(
                difference <= 1e-4 * max(abs(value), 1e-3), "\(name): \(found[name] ?? .nan), not \(value)")
        }
    }

    private static let pixels = {
        var network = UNetConfiguration()
        (network.imgResolution, network.imgChannels, network.labelDim, network.modelChannels) = (8, 1, 3, 8)
        (network.channelMult, network.numBlocks, network.attnResolutions) = ([1, 2], 1, [4])
        return network
    }()

    @Test("distils pixels by every method", arguments: Method.allCases)
    func pixels(method: Method) throws {
        func run(on device: Device) throws -> (measured: [String: Double], traffic: Traffic) {
            try twoSteps(method.recipe, Self.pixels.makeDenoiser(seed: 2), on: device)
        }
        let found = try run(on: mirror)
        expectSame(found.measured, try run(on: .cpu).measured)
        #expect(found.traffic == Traffic(reads: method.reads, writes: method.writes(isOfText: false)))
    }

    private static let latents = {
        var sizes = UNet2DConditionConfiguration()
        (sizes.blockOutChannels, sizes.headCounts, sizes.normGroups) = ([8, 16], [2, 4], 4)
        (sizes.downAttends, sizes.upAttends, sizes.crossAttentionDim) = ([true, false], [false, true], 6)
        (sizes.sampleHeight, sizes.sampleWidth) = (8, 8)
        return sizes
    }()

    private static func prompts(_ count: Int) -> Tensor {
        var stream = RandomStream(seed: 3, purpose: "prompts")
        return stream.normal([count, 5, 6])
    }

    /// A guided teacher, whose network it is; each with weights of its own, since a distillation moves them.
    private static func guided(on device: Device = .cpu) -> Guided<StableDiffusionDenoiser> {
        var stream = RandomStream(seed: 4, purpose: "latents")
        let network = StableDiffusionDenoiser(UNet2DConditionModel(latents, from: &stream))
        network.move(to: device)
        return Guided(network, guidance: 3, unconditional: .context(prompts(1).to(device)))
    }

    @Test("distils latents by every method", arguments: Method.allCases.filter { $0 != .fewSteps })
    func latents(method: Method) throws {
        func run(on device: Device) throws -> (measured: [String: Double], traffic: Traffic) {
            try twoSteps(
                method.recipe, Self.guided(), conditions: TensorConditions(.context(Self.prompts(8))),
                on: device)
        }
        let found = try run(on: mirror)
        expectSame(found.measured, try run(on: .cpu).measured)
        #expect(found.traffic == Traffic(reads: method.reads, writes: method.writes(isOfText: true)))
    }

    // MARK: Training of teachers

    @Test("trains a teacher")
    func teacher() throws {
        func run(on device: Device) throws -> (measured: [String: Double], traffic: Traffic) {
            var recipe = TeacherRecipe()
            (recipe.network, recipe.batch, recipe.microBatch, recipe.durationImages) = (
                Self.pixels, 6, 3, 600
            )
            (recipe.warmUpImages, recipe.coolDownImages, recipe.mirror) = (0, 0, true)
            let images = TrainingImages(count: 9, shape: [1, 8, 8], labels: (0..<9).map { $0 % 3 }) {
                numbers in
                Tensor(numbers, shape: [numbers.count, 1, 1, 1]).to(.uint8).expanded(to: [
                    numbers.count, 1, 8, 8,
                ])
                .contiguous()
            }
            let trainer = try TeacherTrainer(recipe: recipe, images: images, device: device)
            let first = try trainer.step(0)
            let (traffic, second) = try Traffic.of { try trainer.step(1) }
            #expect(first.fault == nil && second.fault == nil)
            return (first.measured.mapValues { $0.item() }, traffic)
        }
        let found = try run(on: mirror)
        expectSame(found.measured, try run(on: .cpu).measured)
        #expect(found.traffic == Traffic(reads: 1, writes: 10))
    }

    // MARK: Networks

    /// Expects what the CPU makes, of networks and inputs that `work` makes there, and that the host never waits.
    private func expectSame(
        _ name: String, writes: Int, _ work: (Device) throws -> () throws -> Tensor
    ) throws {
        let expected = try work(.cpu)()
        let evaluate = try work(mirror)
        _ = try evaluate()
        let (traffic, found) = try Traffic.of(evaluate)
        #expect(found.device == mirror)
        let error = (found.to(.cpu) - expected).norm().item() / expected.norm().item()
        #expect(error < 1e-5, "\(name): \(error)")
        #expect(traffic == Traffic(reads: 0, writes: writes), "\(name)")
    }

    @Test("samples pixels", arguments: UNetArchitecture.allCases, [1, 3])
    func samplePixels(arch: UNetArchitecture, steps: Int) throws {
        var network = Self.pixels
        network.arch = arch
        // A sampler of several steps has its levels from the host, three numbers each.
        try expectSame("\(arch)", writes: steps == 1 ? 0 : 15) { device in
            let denoiser = network.makeDenoiser(seed: 6)
            denoiser.move(to: device)
            var stream = RandomStream(seed: 5, purpose: "noise")
            let noise = stream.normal([3, 1, 8, 8], device: device)
            let classes = Condition.classes(
                Tensor([0, 1, 2], device: device).oneHot(classCount: 3).to(.float32))
            return {
                withoutGradients {
                    steps == 1
                        ? Generator(denoiser)(noise, given: classes)
                        : heun(denoiser, noise: noise, given: classes, steps: steps)
                }
            }
        }
    }

    @Test("samples latents", arguments: SchedulerConfiguration.Sampler.allCases)
    func sampleLatents(sampler: SchedulerConfiguration.Sampler) throws {
        var scheduler = SchedulerConfiguration()
        scheduler.sampler = sampler
        let steps = sampler == .generator ? 1 : 3
        try expectSame("\(sampler)", writes: steps == 1 ? 0 : 4 * scheduler.evaluations(steps: steps)) {
            device in
            let denoiser = Self.guided(on: device)
            var stream = RandomStream(seed: 5, purpose: "noise")
            let noise = stream.normal([2, 4, 8, 8], device: device)
            let prompts = Condition.context(Self.prompts(2).to(device))
            return { scheduler.sample(denoiser, noise: noise, given: prompts, steps: steps) }
        }
    }

    @Test("encodes prompts and decodes latents")
    func encodeAndDecode() throws {
        try expectSame("text", writes: 0) { device in
            var configuration = CLIPTextConfiguration()
            (configuration.vocabularySize, configuration.hiddenSize, configuration.heads) = (12, 8, 2)
            (configuration.intermediateSize, configuration.layers, configuration.positions) = (8, 1, 5)
            var stream = RandomStream(seed: 3, purpose: "text")
            let network = CLIPTextModel(configuration, from: &stream)
            network.move(to: device)
            let tokens = Tensor([9, 4, 10, 10, 10], shape: [1, 5], device: device)
            return { withoutGradients { network(tokens) } }
        }
        let small = AutoencoderTinyConfiguration()
        var large = AutoencoderKLConfiguration()
        (large.blockOutChannels, large.normGroups) = ([8, 16], 4)
        for isTiny in [true, false] {
            try expectSame("autoencoder", writes: 0) { device in
                var stream = RandomStream(seed: 3, purpose: "autoencoder")
                let network: any ImageAutoencoder =
                    isTiny ? AutoencoderTiny(small, from: &stream) : AutoencoderKL(large, from: &stream)
                network.move(to: device)
                let latents = stream.normal([2, 4, 4, 4], device: device)
                return { network.decodeEach(latents) }
            }
        }
    }

    @Test("compares images")
    func images() throws {
        let weights = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../.weights")
        func noise(_ device: Device) -> Tensor {
            var stream = RandomStream(seed: 7, purpose: "images")
            return stream.normal([2, 3, 32, 32], device: device).clamped(min: -1, max: 1)
        }
        try expectSame("LPIPS", writes: 0) { device in
            let lpips = try LPIPS(weights: weights.appending(path: "lpips-vgg16.safetensors"), device: device)
            let images = noise(device)
            return { withoutGradients { lpips(images, images * 0.5) } }
        }
        try expectSame("EfficientNet-Lite0", writes: 0) { device in
            let network = try EfficientNetLite0(
                weights: weights.appending(path: "efficientnet-lite0.pth"), device: device)
            let levels = (noise(device) + 1) * 127.5
            return { network.features(ofLevels: levels).features }
        }
    }
}

/// Real images, each of one value.
private struct Squares: RealImages {
    let shape: [Int]
    let classCount: Int
    let prompts: Tensor?
    let count = 16

    func callAsFunction(_ numbers: [Int]) -> (samples: Tensor, condition: Condition?) {
        let values = Tensor(numbers.map { Double($0) / 16 }, shape: [numbers.count] + shape.map { _ in 1 })
            .to(.float32)
        let classes = Tensor(numbers.map { $0 % max(classCount, 1) }).oneHot(classCount: max(classCount, 1))
        return (
            values.expanded(to: [numbers.count] + shape).contiguous(),
            classCount > 0
                ? .classes(classes.to(.float32))
                : prompts.map { .context($0.indexed(by: Tensor(numbers.map { $0 % 8 }))) }
        )
    }
}
