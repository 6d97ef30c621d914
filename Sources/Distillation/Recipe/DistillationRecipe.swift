// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch
public import Training

/// The settings of a distillation. The defaults are the paper's for class-conditional CIFAR-10 (arXiv 2311.18828, appendix
/// B.1); where it names none, that is said.
public struct DistillationRecipe: Recipe {
    /// The random seed of the run. Not in the paper.
    public var seed: UInt64 = 0
    /// Updates of the generator.
    public var steps = 300_000
    /// The batch size: fresh samples in one step, for the generator and for each update of the critic.
    public var batch = 392
    /// The largest part of a batch that goes through the networks at once, on the CPU in each thread: gradients are added
    /// up before an update, which needs less memory and changes nothing else. Null deals out the whole batch.
    public var microBatch: Int?
    /// What all networks compute in; weights, their updates and losses are float32. Not in the paper.
    public var computeType = ComputeType.float32
    /// Whether the backward pass makes activations again, block by block, rather than keep them: about a third more work
    /// in much less memory, with the same result. Not in the paper.
    public var gradientCheckpointing = false
    /// Whether each of several processes keeps a part of AdamW's moments and of the averages rather than all of them: less memory, with
    /// the same result. Not in the paper.
    public var shardedState = false
    /// The numbers of the levels at which the generator is evaluated, falling, such as 999, 749, 499, 249; none for the highest
    /// alone, a generator of one step.
    public var levels: [Int] = []
    /// The levels at which teacher and critic judge the generator's samples.
    public var scoreLevels = LevelSettings(0.02..<0.98)
    /// Distribution matching.
    public var distributionMatching = DistributionMatchingSettings()
    /// The score identity loss.
    public var scoreIdentity = ScoreIdentitySettings()
    /// The adversarial loss, and the discriminator.
    public var adversarial = AdversarialSettings()
    /// Regression on pairs.
    public var regression = RegressionSettings()
    /// The critic.
    public var critic = CriticSettings()
    /// The learning rate after the warm-up; that of critic and heads may be another.
    public var learningRate = 5e-5
    /// Steps over which the learning rate rises linearly.
    public var warmUpSteps = 500
    /// Steps at the end over which the learning rate falls linearly to 0. Not in the paper; it helps short runs.
    public var coolDownSteps = 0
    /// AdamW's decoupled weight decay.
    public var weightDecay = 0.01
    /// AdamW's decay of the gradient's average.
    public var beta1 = 0.9
    /// AdamW's decay of the average of the gradient's square.
    public var beta2 = 0.999
    /// The largest norm of each network's gradient.
    public var clipNorm = 10.0
    /// Half-lives of moving averages of the generator's weights, in images; the first is the run's result. The paper
    /// mentions no average; this is what EDM takes for CIFAR-10.
    public var emaHalfLifeImages = [500_000.0]
    /// The half-life is at most this fraction of the images seen. EDM's; not in the paper.
    public var emaRampUp = 0.05
    /// Settings that change on the way, as in the paper's Table 5; see `RecipeChange`.
    public var changes: [RecipeChange] = []
    /// Steps between two lines of the log. Not in the paper, as the next two.
    public var logEvery = 50
    /// Steps between two sample sheets.
    public var sampleEvery = 1_000
    /// Steps between two checkpoints.
    public var checkpointEvery = 5_000

    /// The paper's settings for class-conditional CIFAR-10.
    public init() {}

    /// - Throws: `RecipeError.invalid(key:reason:)` for values out of range, and where a micro-batch would get no pair.
    public func validate() throws {
        for (key, value) in [
            ("steps", steps), ("batch", batch), ("critic.steps", critic.steps), ("logEvery", logEvery),
            ("sampleEvery", sampleEvery), ("checkpointEvery", checkpointEvery),
            ("microBatch", microBatch ?? 1), ("adversarial.width", adversarial.width ?? 1),
        ] {
            try check(key, count: value)
        }
        try check("warmUpSteps", count: warmUpSteps, least: 0)
        try check("coolDownSteps", count: coolDownSteps, least: 0)
        for (key, value) in [
            ("learningRate", learningRate), ("clipNorm", clipNorm), ("emaRampUp", emaRampUp),
        ] {
            try check(key, value, value > 0 && value.isFinite, "above 0 and finite")
        }
        for (key, value) in [
            ("distributionMatching.weight", distributionMatching.weight),
            ("scoreIdentity.weight", scoreIdentity.weight), ("adversarial.weight", adversarial.weight),
            ("adversarial.criticWeight", adversarial.criticWeight),
            ("adversarial.r1Weight", adversarial.r1Weight),
            ("regression.weight", regression.weight), ("weightDecay", weightDecay),
        ] {
            try check(key, value, value >= 0 && value.isFinite, "at least 0 and finite")
        }
        for (key, value) in [
            ("critic.learningRate", critic.learningRate),
            ("adversarial.learningRate", adversarial.learningRate),
        ] {
            if let value { try check(key, value, value > 0 && value.isFinite, "above 0 and finite") }
        }
        try check(
            "scoreIdentity.alpha", scoreIdentity.alpha, scoreIdentity.alpha.isFinite, "finite")
        try check("emaHalfLifeImages", halfLives: emaHalfLifeImages)
        try check("beta1", beta1, (0..<1).contains(beta1), "at least 0 and below 1")
        try check("beta2", beta2, (0..<1).contains(beta2), "at least 0 and below 1")
        try validateLevels()
        if regression.weight > 0 { try validatePairs() }
        if !changes.isEmpty { _ = try phases() }
    }

    private func validateLevels() throws {
        try scoreLevels.check("scoreLevels")
        try critic.levels.check("critic.levels")
        try adversarial.levels.check("adversarial.levels")
        try check(
            "levels", levels, levels.allSatisfy { $0 >= 0 } && zip(levels, levels.dropFirst()).allSatisfy(>),
            "numbers of levels that fall, such as [999, 749, 499, 249]")
    }

    /// - Throws: `RecipeError.invalid(key:reason:)` where a micro-batch would get no pair.
    func validatePairs() throws {
        try check("regression.batch", count: regression.batch)
        let parts = microBatch.map { (batch + $0 - 1) / $0 } ?? 1
        try check(
            "regression.batch", regression.batch, regression.batch >= parts,
            "at least \(parts), the number of parts that microBatch makes of a batch")
    }

    /// The levels of a `Generator`; nil for the highest alone.
    var generatorLevels: [Int]? { levels.isEmpty ? nil : levels }

    /// Whether there is a regression loss at any step.
    package var needsPairs: Bool { (try? phases())?.contains { $0.recipe.regression.weight > 0 } ?? true }

    /// Whether there is a discriminator at any step, which learns from real images.
    package var needsRealImages: Bool {
        (try? phases())?.contains { $0.recipe.needsDiscriminator } ?? needsDiscriminator
    }

    /// Whether a loss reads the discriminator's logits.
    var needsDiscriminator: Bool {
        adversarial.weight > 0
            || distributionMatching.weight > 0 && distributionMatching.divergence != .reverseKL
    }

    /// Whether the critic's network learns.
    package var trainsCritic: Bool { Method(self, distance: nil).criticInputs.contains(.denoised) }

    /// The parts of a batch that go through the networks by themselves.
    func microBatches(_ device: Device, _ processes: Communicator, readsPairs: Bool) throws -> MicroBatches {
        try MicroBatches(
            of: batch, largest: microBatch, reaching: readsPairs ? regression.batch : nil, on: device,
            processes)
    }
}

/// The settings of ``DistributionMatching``.
public struct DistributionMatchingSettings: Codable, Equatable, Sendable {
    /// Its weight in the generator's loss, 1 in the paper; 0 leaves the term out, as a row of its Table 2 does, and with it the critic
    /// where nothing else needs it.
    public var weight = 1.0
    /// The weight `w_t` of the gradient.
    public var weighting = DistributionMatchingWeighting.normalized
    /// Whether the gradient keeps the factor `alpha_t`.
    public var alphaFactor = AlphaFactor.kept
    /// The divergence that is made smaller; any but DMD's own needs a discriminator.
    public var divergence = Divergence.reverseKL

    /// The paper's.
    public init() {}
}

/// The settings of ``ScoreIdentity``.
public struct ScoreIdentitySettings: Codable, Equatable, Sendable {
    /// Its weight in the generator's loss. The paper takes 1 for a sum over an image's elements, here a mean, and nothing beside it.
    public var weight = 0.0
    /// `alpha`: 1.2 in the paper for CIFAR-10, 1 for the rest.
    public var alpha = 1.0

    /// None of it.
    public init() {}
}

/// The settings of ``Adversarial`` and ``Discrimination``.
public struct AdversarialSettings: Codable, Equatable, Sendable {
    /// Its weight in the generator's loss; 0.003 in DMD2 for ImageNet-64.
    public var weight = 0.0
    /// Whose features the heads stand on.
    public var trunk = DiscriminatorTrunk.teacher
    /// Which of them.
    public var features = DiscriminatorFeatures.all
    /// What the heads are made of.
    public var head = DiscriminatorHead.convolution
    /// The channels of the heads' layers; null for as many as each feature map has, which is DMD2's choice and few for a small
    /// network.
    public var width: Int?
    /// The weight of the discriminator's loss beside denoising in that of the critic, where the critic is the trunk.
    public var criticWeight = 0.01
    /// The learning rate of the heads after the warm-up; null for that of the critic.
    public var learningRate: Double?
    /// The levels at which real and generated samples are compared.
    public var levels = LevelSettings()
    /// Whether a real sample gets the level and the noise of the generated one beside it.
    public var sharesNoise = false
    /// The weight of R1 in the discriminator's loss; 1 in f-distill for CIFAR-10.
    public var r1Weight = 0.0

    /// None of it.
    public init() {}
}

/// The settings of ``Regression``.
public struct RegressionSettings: Codable, Equatable, Sendable {
    /// Its weight in the generator's loss, `lambda_reg`; with 0 there are no pairs, and the other settings mean nothing. The
    /// paper takes 0.25 with classes and 0.5 without.
    public var weight = 0.25
    /// Pairs in one step.
    public var batch = 392
    /// Whether the samples of pairs also go to distribution matching and the critic (Algorithm 1), as the paper has it for
    /// latent teachers and not for pixels.
    public var joinBatch = false
    /// Which decoder makes the images of latents that the loss compares; pixels need none.
    public var decoder = LatentDecoder.full

    /// The paper's for CIFAR-10.
    public init() {}
}

/// What makes images of latents while a distillation compares them.
public enum LatentDecoder: String, Codable, Sendable, CaseIterable {
    /// The decoder of the model.
    case full
    /// A small one in its place, which costs less time and memory.
    case tiny
}

/// The settings of the critic.
public struct CriticSettings: Codable, Equatable, Sendable {
    /// Its updates in one step: 1 in DMD, more in DMD2 (arXiv 2405.14867), where they keep small batches, and runs without
    /// pairs, stable.
    public var steps = 1
    /// Its learning rate after the warm-up; null for the generator's.
    public var learningRate: Double?
    /// The levels at which it learns to denoise.
    public var levels = LevelSettings()

    /// DMD's.
    public init() {}
}
