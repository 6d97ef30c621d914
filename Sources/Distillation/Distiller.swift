// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
import OrderedCollections
public import Torch
public import Training
import Weights

/// Distribution matching distillation: a teacher, a generator that learns to make its images in one step, and a critic
/// that learns the score of what the generator makes.
///
/// Generator and critic begin with the teacher's weights. ``step(_:)`` is one iteration of the paper's Algorithm 1; the
/// loop around it, with checkpoints and a log, is `Training`'s `Run`.
public final class Distiller<Network: Denoiser> {
    /// The settings that are in force: at first those of step 0, see ``DistillationRecipe/changes``.
    public private(set) var recipe: DistillationRecipe
    /// `mu_base`: the pretrained denoiser, never changed.
    public let teacher: Network
    /// `G`: makes an image in one evaluation, see ``Denoiser/generate(from:condition:)``.
    public let generator: Network
    /// `mu_fake`: the denoiser of generated images.
    public let critic: Network
    /// The moving averages of the generator's weights, in the order of the recipe's half-lives.
    public let averages: Averages
    /// What the recipe's learning rate is multiplied by.
    public var learningRateFactor = 1.0

    /// Where all three networks are.
    public let device: Device
    let generatorOptimizer: AdamW
    let criticOptimizer: AdamW
    let distance: Distance?
    let tinyDistance: Distance?
    private let allPairs: PairSet?
    private let phases: [DistillationPhase]
    private let conditions: (any Conditions)?
    private let makeNetwork: () -> Network

    /// The pairs, while there is a regression loss.
    var pairs: PairSet? { recipe.lambda > 0 ? allPairs : nil }

    /// Of the first pairs' images; nil without pairs.
    private(set) lazy var pairStatistics = allPairs.map { pairs in
        ImageStatistics(of: pairs.pairs(at: 0..<min(1_024, pairs.description.count)).images)
    }

    /// Makes generator and critic from the teacher.
    ///
    /// - Parameters:
    ///   - recipe: valid settings.
    ///   - teacher: the pretrained denoiser; moved to `device`, frozen, and set to the recipe's `computeType`.
    ///   - makeNetwork: makes a network of the teacher's architecture, with any weights.
    ///   - pairs: pairs of this teacher; not needed where `lambda` is 0.
    ///   - distance: `l` of the regression loss, such as LPIPS; needed where pairs are.
    ///   - tinyDistance: the same where the recipe's `decoder` is `tiny`; needed if it ever is.
    ///   - conditions: what images are conditioned on; if not given, the classes of the teacher, if it has any.
    ///   - device: where to work.
    /// - Throws: ``DistillationError`` if pairs are missing or of another teacher, or if the network cannot be computed as
    ///   the recipe asks for, ``StateMismatch`` if `makeNetwork` makes another architecture, ``RecipeError``.
    public init(
        _ recipe: DistillationRecipe, teacher: Network, makeNetwork: @escaping () -> Network,
        pairs: PairSet? = nil, distance: Distance? = nil, tinyDistance: Distance? = nil,
        conditions: (any Conditions)? = nil, device: Device = .cpu
    ) throws {
        try recipe.validate()
        phases = try recipe.phases()
        let conditions = conditions ?? teacher.classConditions
        try Self.check(phases, pairs, distance, tinyDistance, levels: teacher.schedule.count)
        if let pairs { try Self.check(pairs.description, teacher, conditions) }
        self.recipe = phases[0].recipe
        self.teacher = teacher
        self.makeNetwork = makeNetwork
        self.conditions = conditions
        allPairs = phases.contains { $0.recipe.lambda > 0 } ? pairs : nil
        self.distance = distance
        self.tinyDistance = tinyDistance
        self.device = device
        teacher.move(to: device)
        teacher.setRequiresGrad(false)
        generator = makeNetwork()
        critic = makeNetwork()
        for network in [generator, critic] {
            network.move(to: device)
            try network.load(teacher.state)
        }
        try Self.prepare([teacher, generator, critic], recipe)
        func optimizer(_ network: Network) -> AdamW {
            AdamW(
                parameters: network.parameters, learningRate: recipe.learningRate,
                betas: (recipe.beta1, recipe.beta2), weightDecay: recipe.weightDecay)
        }
        generatorOptimizer = optimizer(generator)
        criticOptimizer = optimizer(critic)
        averages = Averages(
            of: generator, halfLivesImages: recipe.emaHalfLifeImages, rampUpRatio: recipe.emaRampUp)
    }

    /// A network with an average of the generator's weights: the result of a distillation.
    ///
    /// - Parameter average: the number of the average, at most one less than the recipe's half-lives.
    public func makeAveragedGenerator(_ average: Int = 0) throws -> Network {
        let network = makeNetwork()
        network.move(to: device)
        try network.load(generator.state)
        averages.members[average].copy(to: network)
        return network
    }

    // MARK: Algorithm 1

    /// One iteration: an update of the generator on `L_G = matchingWeight L_KL + lambda L_reg`, then updates of the critic, the first of
    /// them on the images that the generator was just judged by, any others on fresh ones.
    ///
    /// All that is random depends on the recipe's seed and on `index` alone. An update whose loss or gradient is not finite
    /// is not made, and neither are those after it; which waits for the device before each update.
    ///
    /// - Parameter index: the number of the step, from 0.
    public func step(_ index: Int) -> StepReport {
        recipe = phase(at: index).recipe
        var draws = draws("distill", step: index)
        let learningRate =
            recipe.learningRate * learningRateFactor * warmUp(index, length: recipe.warmUpSteps)
            * coolDown(index, length: recipe.coolDownSteps, duration: recipe.steps)

        setTrainable(.generator)
        let judged = accumulateGeneratorGradient(
            latents: draws.latents(recipe.batch), pairs: pairBatch(step: index), &draws)
        let matchingLoss = total(judged.map(\.distributionMatchingLoss))
        let regressionLoss = pairs == nil ? nil : total(judged.compactMap(\.regressionLoss))
        let generatorNorm = clipGradient(.generator)
        var fault = fault(
            [
                "loss/dm": matchingLoss, "loss/regression": regressionLoss,
                "norm/generator_gradient": generatorNorm,
            ],
            ofCriticTurn: nil, step: index)
        update(.generator, learningRate: fault == nil ? learningRate : nil)
        if fault == nil {
            averages.update(
                from: generator, batchSize: recipe.batch, imagesBefore: phase(at: index).images(before: index)
            )
        }

        setTrainable(.critic)
        var criticLosses: [Tensor] = []
        var criticNorms: [Tensor] = []
        for turn in 0..<recipe.criticSteps where fault == nil {
            let images = turn == 0 ? judged.map(\.images) : freshImages(draws.latents(recipe.batch))
            let loss = accumulateCriticGradient(images, &draws)
            let norm = clipGradient(.critic)
            fault = self.fault(
                ["loss/critic": loss, "norm/critic_gradient": norm], ofCriticTurn: turn, step: index)
            update(.critic, learningRate: fault == nil ? learningRate : nil)
            criticLosses.append(loss)
            criticNorms.append(norm)
        }

        return StepReport(
            distributionMatchingLoss: matchingLoss, regressionLoss: regressionLoss,
            criticLoss: mean(criticLosses),
            distributionMatchingGradientNorm: total(judged.map(\.gradientNorm)),
            generatorGradientNorm: generatorNorm, criticGradientNorm: mean(criticNorms),
            images: .concatenated(judged.map(\.images.tensor)), fault: fault)
    }

    private func phase(at index: Int) -> DistillationPhase {
        phases.last { $0.start <= index } ?? phases[0]
    }

    /// The random numbers of a step.
    func draws(_ purpose: String, step: Int) -> Draws {
        Draws(
            purpose, seed: recipe.seed, step: step, sampleShape: teacher.sampleShape, conditions: conditions,
            device: device)
    }

    /// The networks that are trained.
    private enum Role {
        case generator, critic
    }

    /// Who is trainable now: one of the two, and never the teacher.
    private func setTrainable(_ role: Role) {
        generator.setRequiresGrad(role == .generator)
        critic.setRequiresGrad(role == .critic)
    }

    /// Clips the gradient that has been added up, and returns its norm before.
    private func clipGradient(_ role: Role) -> Tensor {
        clipGradientNorm(
            (role == .generator ? generator : critic).parameters.values, to: recipe.clipNorm)
    }

    /// Who steps now: updates, unless there is no learning rate, and forgets the gradient.
    private func update(_ role: Role, learningRate: Double?) {
        let optimizer = role == .generator ? generatorOptimizer : criticOptimizer
        if let learningRate {
            optimizer.learningRate = learningRate
            optimizer.step()
        }
        optimizer.zeroGradients()
    }

    // MARK: Preparation

    private static func prepare(_ networks: [Network], _ recipe: DistillationRecipe) throws {
        for network in networks {
            let isTyped = network.setComputeType(recipe.computeType)
            guard isTyped || recipe.computeType == .float32 else {
                throw DistillationError.unsupported(
                    key: "computeType", network: "\(Network.self)", needs: "MixedPrecision")
            }
            let recomputes = network.setRecomputes(recipe.gradientCheckpointing)
            guard recomputes || !recipe.gradientCheckpointing else {
                throw DistillationError.unsupported(
                    key: "gradientCheckpointing", network: "\(Network.self)", needs: "Recomputing")
            }
        }
    }

    private static func check(
        _ phases: [DistillationPhase], _ pairs: PairSet?, _ distance: Distance?, _ tinyDistance: Distance?,
        levels: Int
    ) throws {
        for recipe in phases.map(\.recipe) {
            guard !recipe.levels(of: levels).isEmpty else { throw DistillationError.noLevels(count: levels) }
            guard recipe.lambda > 0 else { continue }
            guard pairs != nil, recipe.decoder == .tiny || distance != nil else {
                throw DistillationError.noPairs
            }
            guard recipe.decoder == .full || tinyDistance != nil else {
                throw DistillationError.noTinyDecoder
            }
        }
    }

    private static func check(
        _ made: PairDescription, _ teacher: Network, _ conditions: (any Conditions)?
    ) throws {
        let prompts = teacher.classCount > 0 ? nil : conditions?.fingerprint
        for (what, expected, found) in [
            ("image shape", "\(teacher.sampleShape)", "\(made.sampleShape)"),
            ("number of classes", "\(teacher.classCount)", "\(made.classCount)"),
            ("teacher's fingerprint", fingerprint(of: teacher.state), made.teacher),
            ("prompts' fingerprint", prompts ?? "none", made.prompts?.fingerprint ?? "none"),
        ] where expected != found {
            throw DistillationError.foreignPairs(what: what, expected: expected, found: found)
        }
    }
}

extension Denoiser {
    /// The classes; nil where there are none.
    var classConditions: (any Conditions)? { classCount == 0 ? nil : ClassConditions(count: classCount) }
}

/// The mean of tensors without dimensions; not a number if there are none.
func mean(_ values: [Tensor]) -> Tensor {
    values.isEmpty ? Tensor(.nan) : total(values) / Double(values.count)
}

/// The sum of tensors without dimensions.
func total(_ values: [Tensor]) -> Tensor {
    values.count == 1 ? values[0] : Tensor.stacked(values).sum()
}
