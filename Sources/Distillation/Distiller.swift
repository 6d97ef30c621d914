// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
import OrderedCollections
public import Torch
public import Training
import Weights

/// A distillation: a teacher, a generator that learns to make its samples in one evaluation, and a critic that learns the
/// score of what the generator makes.
///
/// Generator and critic begin with the teacher's weights. ``step(_:)`` is one iteration of DMD's Algorithm 1; the loop
/// around it, with checkpoints and a log, is `Training`'s `Run`.
public final class Distiller<Teacher: Denoiser> {
    /// What is trained: the teacher's network, without what the teacher does to its predictions, such as guidance.
    public typealias Network = Teacher.Replica

    /// The settings that are in force: at first those of step 0, see ``DistillationRecipe/changes``.
    public private(set) var recipe: DistillationRecipe
    /// `mu_base`: the pretrained denoiser, never changed.
    public let teacher: Teacher
    /// `G`: makes a sample in one evaluation, see `Generator`.
    public let generator: TrainedNetwork<Network>
    /// `mu_fake`: the denoiser of generated samples.
    public let critic: TrainedNetwork<Network>
    /// What the recipe's learning rate is multiplied by.
    public var learningRateFactor = 1.0
    /// Where all networks are.
    public let device: Device

    private let phases: [(phase: DistillationPhase, method: Method)]
    private let pairs: PairSet?
    private let conditions: (any ConditionSource)?
    /// Of the first pairs' images; nil without pairs.
    let pairStatistics: ImageStatistics?

    /// Makes generator and critic from the teacher.
    ///
    /// - Parameters:
    ///   - recipe: valid settings.
    ///   - teacher: the pretrained denoiser; moved to `device`, frozen, and set to the recipe's `computeType`.
    ///   - pairs: pairs of this teacher; not needed where there is no regression loss.
    ///   - distance: `l` of the regression loss, such as LPIPS; needed where pairs are.
    ///   - tinyDistance: the same where the recipe's `decoder` is `tiny`; needed if it ever is.
    ///   - terms: terms of the generator's loss beside those of the recipe.
    ///   - conditions: what samples are conditioned on; if not given, the classes of the teacher, if it has any.
    ///   - device: where to work.
    /// - Throws: ``DistillationError`` if pairs are missing or of another teacher, or if the network cannot be computed as
    ///   the recipe asks for, ``PairError``, `RecipeError`.
    public init(
        _ recipe: DistillationRecipe, teacher: Teacher, pairs: PairSet? = nil, distance: Distance? = nil,
        tinyDistance: Distance? = nil, terms: [any GeneratorTerm] = [],
        conditions: (any ConditionSource)? = nil, device: Device = .cpu
    ) throws {
        try recipe.validate()
        let conditions = conditions ?? teacher.classConditions
        phases = try recipe.phases().map { phase in
            let distance = phase.recipe.regression.decoder == .tiny ? tinyDistance : distance
            var method = Method.distributionMatching(phase.recipe, distance: distance)
            method.generatorTerms += terms
            try phase.recipe.check(teacher, method, pairs: pairs, distance: distance)
            return (phase, method)
        }
        if let pairs { try pairs.description.check(madeBy: teacher, conditions) }
        self.recipe = phases[0].phase.recipe
        self.teacher = teacher
        self.conditions = conditions
        self.pairs = phases.contains { $0.method.inputs.contains(.pairs) } ? pairs : nil
        self.device = device
        teacher.move(to: device)
        teacher.setRequiresGrad(false)
        let networks = (teacher.replica(sharing: .nothing), teacher.replica(sharing: .nothing))
        try recipe.prepare(teacher)
        try recipe.prepare(networks.0)
        try recipe.prepare(networks.1)
        let betas = (recipe.beta1, recipe.beta2)
        generator = TrainedNetwork(
            "generator", networks.0, betas: betas, weightDecay: recipe.weightDecay,
            averages: Averages(
                of: networks.0, halfLivesImages: recipe.emaHalfLifeImages, rampUpRatio: recipe.emaRampUp))
        critic = TrainedNetwork("critic", networks.1, betas: betas, weightDecay: recipe.weightDecay)
        pairStatistics = try self.pairs.map { pairs in
            ImageStatistics(of: try pairs.pairs(at: 0..<min(1_024, pairs.description.count)).images)
        }
    }

    /// The generator with an average of its weights: the result of a distillation.
    ///
    /// - Parameter average: the number of the average, at most one less than the recipe's half-lives.
    public func averagedGenerator(_ average: Int = 0) -> Generator<Network> {
        let network = generator.network.replica(sharing: .nothing)
        generator.averages?.each[average].copy(to: network)
        return Generator(network)
    }

    // MARK: Algorithm 1

    /// One iteration: an update of the generator on the sum of its terms, then updates of the critic, the first of them on
    /// the samples that the generator was just judged by, any others on fresh ones.
    ///
    /// All that is random depends on the recipe's seed and on `index` alone. An update whose loss or gradient is not finite
    /// is not made, and neither are those after it; which waits for the device before each update.
    ///
    /// - Parameter index: the number of the step, from 0.
    /// - Throws: `TorchError` for what libtorch refuses, such as more memory than there is, and ``PairError`` for a file of
    ///   pairs that was damaged; the distiller is then not to be used.
    public func step(_ index: Int) throws -> StepReport {
        try LibTorch.withErrors {
            let (phase, method) = phases.last { $0.phase.start <= index } ?? phases[0]
            recipe = phase.recipe
            let learningRate =
                recipe.learningRate * learningRateFactor * warmUp(index, length: recipe.warmUpSteps)
                * coolDown(index, length: recipe.coolDownSteps, duration: recipe.steps)

            let turn = try generatorTurn(index, method)
            let judged = turn.run(generator, learningRate: learningRate)
            if judged.fault == nil {
                generator.updateAverages(
                    batchSize: recipe.batch, imagesBefore: phase.images(before: index))
            }
            var report = StepReport(judged, turn.randomness, readsPairs: turn.pairs != nil)

            for number in 0..<recipe.critic.steps where report.fault == nil {
                let turn = criticTurn(number, index, method)
                let samples = number == 0 ? judged.results.map(\.samples) : turn.freshSamples()
                let update = turn.run(critic, on: samples, learningRate: learningRate)
                report.add(update, turn.randomness)
            }
            return report
        }
    }

    private func generatorTurn(_ index: Int, _ method: Method) throws -> GeneratorTurn<Teacher> {
        var batch: PairSet.Batch?
        if method.inputs.contains(.pairs), let pairs {
            batch = try pairs.batch(recipe.regression.batch, step: index, seed: recipe.seed, device: device)
        }
        return GeneratorTurn(
            terms: method.generatorTerms, inputs: method.inputs, recipe: recipe, teacher: teacher,
            critic: critic.network, pairs: batch, conditions: conditions,
            randomness: randomness("distill.generator", index))
    }

    private func criticTurn(_ number: Int, _ index: Int, _ method: Method) -> CriticTurn<Teacher> {
        CriticTurn(
            terms: method.criticTerms, recipe: recipe, teacher: teacher, generator: generator.network,
            conditions: conditions, randomness: randomness("distill.critic.\(number)", index))
    }

    private func randomness(_ turn: String, _ step: Int) -> StepRandomness {
        StepRandomness(
            seed: recipe.seed, turn: turn, step: step, sampleShape: teacher.sampleShape, device: device)
    }

    /// The critic's lag: its loss on fresh samples of the generator as it is now, and the teacher's on the same samples
    /// with the same noise. A critic that knows the generator's samples denoises them better than the teacher does.
    ///
    /// The draws are of their own, so that measuring does not change a run.
    ///
    /// - Parameter index: the number of the step after which to measure.
    public func criticLag(after index: Int) throws -> (critic: Double, teacher: Double) {
        try LibTorch.withErrors {
            let turn = CriticTurn(
                terms: [Denoising()], recipe: recipe, teacher: teacher, generator: generator.network,
                conditions: conditions, randomness: randomness("health", index))
            let samples = turn.freshSamples()
            return (turn.loss(of: critic.network, on: samples), turn.loss(of: teacher, on: samples))
        }
    }
}

extension Denoiser {
    /// The classes; nil where there are none.
    fileprivate var classConditions: (any ConditionSource)? {
        classCount == 0 ? nil : ClassConditions(count: classCount)
    }
}
