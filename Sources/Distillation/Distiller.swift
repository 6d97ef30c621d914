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
/// Generator and critic begin with the teacher's weights, unless a generator of a first stage is given. ``step(_:)`` is one iteration of DMD's Algorithm 1; the loop
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

    /// The processes that share its steps.
    public var processes: Communicator { generator.processes }

    private let phases: [(phase: DistillationPhase, method: Method, microBatches: MicroBatches)]
    private let pairs: PairSet?
    private let realImages: (any RealImages)?
    private let conditions: (any ConditionSource)?
    private let discriminator: Discriminator?
    /// What a divergence weighs distribution matching by; nil for DMD's own.
    let ratios: DensityRatios?
    private let levelTable: LevelTable
    /// Of the first pairs' images, or of the first real ones; nil without both.
    let realStatistics: ImageStatistics?

    /// Makes generator and critic from the teacher.
    ///
    /// - Parameters:
    ///   - recipe: valid settings.
    ///   - teacher: the pretrained denoiser; moved to `device`, frozen, and set to the recipe's `computeType`.
    ///   - start: what the generator begins with, such as that of a first stage; if not given, the teacher.
    ///   - pairs: pairs of this teacher; not needed where no term reads them.
    ///   - distance: `l` of the regression loss, such as LPIPS; needed where there is one.
    ///   - tinyDistance: the same where the recipe's `decoder` is `tiny`; needed if it ever is.
    ///   - realImages: what a discriminator learns from; needed where there is one.
    ///   - terms: terms of the generator's loss beside those of the recipe.
    ///   - conditions: what samples are conditioned on; if not given, the classes of the teacher, if it has any.
    ///   - device: where to work.
    ///   - processes: those that share the steps; each must be given the same.
    /// - Throws: ``DistillationError`` if pairs or real images are missing or do not suit the teacher, or if the network cannot be
    ///   computed as the recipe asks for, ``PairError``, `RecipeError`, also where the processes cannot share a batch evenly;
    ///   `StateMismatch` if `start` is another network.
    public init(
        _ recipe: DistillationRecipe, teacher: Teacher, start: Network? = nil, pairs: PairSet? = nil,
        distance: Distance? = nil,
        tinyDistance: Distance? = nil, realImages: (any RealImages)? = nil, terms: [any GeneratorTerm] = [],
        conditions: (any ConditionSource)? = nil, device: Device = .cpu, processes: Communicator = .alone
    ) throws {
        try recipe.validate()
        let conditions = conditions ?? teacher.classConditions
        let recipePhases = try recipe.phases()
        let isWeighted = recipePhases.contains { $0.recipe.distributionMatching.divergence != .reverseKL }
        let ratios = isWeighted ? DensityRatios() : nil
        let phases = try recipePhases.map { phase in
            let distance = phase.recipe.regression.decoder == .tiny ? tinyDistance : distance
            let method = Method(phase.recipe, distance: distance, ratios: ratios, terms: terms)
            try phase.recipe.check(
                teacher, method, pairs: pairs, distance: distance, hasRealImages: realImages != nil)
            let microBatches = try phase.recipe.microBatches(
                device, processes, readsPairs: method.inputs.contains(.pairs))
            return (phase, method, microBatches)
        }
        if let pairs {
            try pairs.description.check(madeBy: teacher, conditions)
            try processes.check("set of pairs", "\(pairs.description)")
        }
        func used<Source>(_ source: Source?, _ isNeeded: (Method) -> Bool) -> Source? {
            phases.contains { isNeeded($0.1) } ? source : nil
        }
        LibTorch.keepFreedMemory()
        self.phases = phases
        self.recipe = phases[0].0.recipe
        self.teacher = teacher
        self.conditions = conditions
        self.pairs = used(pairs) { $0.inputs.contains(.pairs) }
        self.realImages = used(realImages, \.needsDiscriminator)
        try self.realImages?.check(like: teacher)
        self.device = device
        self.ratios = ratios
        levelTable = LevelTable(teacher.schedule)
        let given: [any Module] = [teacher] + (start.map { [$0] } ?? [])
        guard given.allSatisfy({ !$0.hasInt8 }) else { throw DistillationError.int8Weights }
        teacher.move(to: device)
        teacher.setRequiresGrad(false)
        let networks = (teacher.replica(sharing: .nothing), teacher.replica(sharing: .nothing))
        if let start { try networks.0.load(start.state) }
        try recipe.prepare(teacher)
        try recipe.prepare(networks.0)
        try recipe.prepare(networks.1)
        let isOfCritic = recipe.adversarial.trunk == .critic
        let trunk = isOfCritic ? networks.1 as? any FeatureDenoiser : teacher as? any FeatureDenoiser
        discriminator = used(trunk, \.needsDiscriminator).map { trunk in
            Discriminator(
                trunk: trunk,
                heads: DiscriminatorHeads(
                    recipe.adversarial, on: trunk, given: conditions.map { $0([0]).to(device) },
                    seed: recipe.seed, device: device),
                features: recipe.adversarial.features)
        }
        let betas = (recipe.beta1, recipe.beta2)
        generator = TrainedNetwork(
            "generator", networks.0, betas: betas, weightDecay: recipe.weightDecay,
            averages: Averages(
                of: networks.0, halfLivesImages: recipe.emaHalfLifeImages, rampUpRatio: recipe.emaRampUp),
            processes: processes, shardedState: recipe.shardedState)
        critic = TrainedNetwork(
            "critic", networks.1, betas: betas, weightDecay: recipe.weightDecay,
            with: discriminator.map { .init("discriminator", $0.heads) }, processes: processes,
            shardedState: recipe.shardedState)
        realStatistics =
            if let pairs = self.pairs {
                ImageStatistics(
                    of: try pairs.pairs(at: 0..<min(1_024, pairs.description.count)).images)
            } else if let images = self.realImages {
                ImageStatistics(of: try images(Array(0..<min(1_024, images.count))).samples)
            } else { nil }
    }

    /// The generator with an average of its weights: the result of a distillation. With sharded state see
    /// `TrainedNetwork.copyAverage(_:to:)`.
    ///
    /// - Parameter average: the number of the average, at most one less than the recipe's half-lives.
    public func averagedGenerator(_ average: Int = 0) -> Generator<Network> {
        let network = generator.network.replica(sharing: .nothing)
        generator.copyAverage(average, to: network)
        return Generator(network, levels: recipe.generatorLevels)
    }

    // MARK: Algorithm 1

    /// One iteration: an update of the generator on the sum of its terms, then updates of the critic and of the discriminator's heads,
    /// where a term reads them, the first on the samples that the generator was just judged by, any others on fresh ones.
    ///
    /// All that is random depends on the recipe's seed and on `index` alone. An update whose loss or gradient is not finite
    /// is not made, and neither are those after it; which waits for the device before each update.
    ///
    /// - Parameter index: the number of the step, from 0.
    /// - Throws: `TorchError` for what libtorch refuses, such as more memory than there is, ``PairError`` for a file of
    ///   pairs that was damaged, what real images throw, and `CommunicatorError` where another process ends; the distiller is then not
    ///   to be used.
    public func step(_ index: Int) throws -> StepReport {
        try LibTorch.withErrors {
            let (phase, method, microBatches) = phase(of: index)
            recipe = phase.recipe
            let turn = try generatorTurn(index, method, microBatches)
            let judged = try turn.run(generator, learningRate: scheduled(recipe.learningRate, index))
            if judged.fault == nil {
                generator.updateAverages(
                    batchSize: recipe.batch, imagesBefore: phase.images(before: index))
            }
            var report = StepReport(
                judged, turn.randomness, streams: turn.pairs == nil ? [] : [PairSet.orderStream])

            if !method.criticTerms.isEmpty {
                for number in 0..<recipe.critic.steps where report.fault == nil {
                    let critic = criticTurn(number, index, method, microBatches)
                    let samples = number == 0 ? judged.results.map(\.samples) : critic.freshSamples()
                    let total = number == 0 ? turn.judgedCount : recipe.batch
                    try report.add(
                        update(critic, on: samples, of: total, number, index), critic.randomness,
                        streams: realImages == nil ? [] : [RealBatch.orderStream])
                }
            }
            if let ratios {
                try ratios.update(
                    recipe.distributionMatching.divergence, judged.results.compactMap(\.logits), processes)
            }
            return report
        }
    }

    private func phase(of index: Int) -> (
        phase: DistillationPhase, method: Method, microBatches: MicroBatches
    ) {
        phases.last { $0.phase.start <= index } ?? phases[0]
    }

    /// A learning rate after warm-up and cool-down.
    private func scheduled(_ learningRate: Double, _ index: Int) -> Double {
        learningRate * learningRateFactor * warmUp(index, length: recipe.warmUpSteps)
            * coolDown(index, length: recipe.coolDownSteps, duration: recipe.steps)
    }

    private func update(
        _ turn: CriticTurn<Teacher>, on samples: [Samples], of total: Int, _ number: Int, _ index: Int
    ) throws -> UpdateReport<Tensor?> {
        let real =
            try turn.method.needsDiscriminator
            ? realImages.map { images in
                try samples.map {
                    try RealBatch(
                        images, at: $0.indices, of: total, update: index * recipe.critic.steps + number,
                        seed: recipe.seed, device: device)
                }
            } : nil
        let learningRate = recipe.critic.learningRate ?? recipe.learningRate
        return try turn.run(
            critic, on: samples, of: total, real: real, learningRate: scheduled(learningRate, index),
            headLearningRate: scheduled(recipe.adversarial.learningRate ?? learningRate, index))
    }

    private func generatorTurn(
        _ index: Int, _ method: Method, _ microBatches: MicroBatches
    ) throws -> GeneratorTurn<Teacher> {
        let places = microBatches.ranges(of: recipe.regression.batch)[microBatches.share]
        return GeneratorTurn(
            method: method, recipe: recipe, teacher: teacher, critic: critic.network,
            discriminator: discriminator, microBatches: microBatches,
            pairs: try pairs(index, method, at: Array(places)),
            conditions: conditions, randomness: randomness("distill.generator", index))
    }

    /// The pairs at some places of a step; nil where no term reads any.
    private func pairs(_ index: Int, _ method: Method, at places: [Range<Int>]) throws -> [PairPart]? {
        guard method.inputs.contains(.pairs), let pairs else { return nil }
        return try places.map {
            PairPart(
                pairs: try pairs.batch(
                    recipe.regression.batch, step: index, seed: recipe.seed, places: $0, device: device),
                places: $0)
        }
    }

    private func criticTurn(
        _ number: Int, _ index: Int, _ method: Method, _ microBatches: MicroBatches
    ) -> CriticTurn<Teacher> {
        criticTurn(method, microBatches, randomness("distill.critic.\(number)", index))
    }

    private func criticTurn(
        _ method: Method, _ microBatches: MicroBatches, _ randomness: StepRandomness
    ) -> CriticTurn<Teacher> {
        CriticTurn(
            method: method, recipe: recipe, teacher: teacher, generator: generator.network,
            discriminator: discriminator, microBatches: microBatches, conditions: conditions,
            randomness: randomness)
    }

    private func randomness(_ turn: String, _ step: Int) -> StepRandomness {
        StepRandomness(
            seed: recipe.seed, turn: turn, step: step, sampleShape: teacher.sampleShape, levels: levelTable,
            device: device)
    }

    // MARK: Health

    /// The critic's lag: its loss on fresh samples of the generator as it is now, and the teacher's on the same samples
    /// with the same noise. A critic that knows the generator's samples denoises them better than the teacher does.
    ///
    /// The draws are of their own, so that measuring does not change a run.
    ///
    /// - Parameter index: the number of the step after which to measure.
    /// - Returns: both; nil where the critic does not learn.
    public func criticLag(after index: Int) throws -> (critic: Double, teacher: Double)? {
        let (_, method, microBatches) = phase(of: index)
        guard method.criticInputs.contains(.denoised) else { return nil }
        return try LibTorch.withErrors {
            let turn = criticTurn(method, microBatches, randomness("health", index))
            let samples = turn.freshSamples()
            func loss(of network: some Denoiser) throws -> Double {
                let losses = try processes.gathered(turn.denoisingLosses(of: network, on: samples))
                return losses.sum().item() / Double(recipe.batch)
            }
            return (try loss(of: critic.network), try loss(of: teacher))
        }
    }

    /// How strongly each term pulls: the norm of its gradient, times its weight, at an image, by the names of the terms. The first
    /// samples of the batch are enough.
    ///
    /// - Parameter index: the number of the step whose draws are taken.
    public func gradientNorms(after index: Int) throws -> [String: Double] {
        try LibTorch.withErrors {
            let (_, method, microBatches) = phase(of: index)
            func first(_ count: Int) -> Range<Int> { 0..<min(count, 16) }
            let pairs = try pairs(index, method, at: [first(recipe.regression.batch)])
            return try generatorTurn(index, method, microBatches)
                .gradientNorms(generator.network, of: first(recipe.batch), pairs?[0])
        }
    }
}

extension Denoiser {
    /// The classes; nil where there are none.
    fileprivate var classConditions: (any ConditionSource)? {
        classCount == 0 ? nil : ClassConditions(count: classCount)
    }
}
