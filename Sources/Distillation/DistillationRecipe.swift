// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch
public import Training

/// What makes images of latents while a distillation compares them.
public enum LatentDecoder: String, Codable, Sendable, CaseIterable {
    /// The decoder of the model.
    case full
    /// A small one in its place, which costs less time and memory.
    case tiny
}

/// The settings of a distillation. The defaults are the paper's for class-conditional CIFAR-10 (Appendix B.1); where
/// it names none, that is said.
public struct DistillationRecipe: Recipe {
    /// Names every random draw of the run. Not in the paper.
    public var seed: UInt64 = 0

    /// Updates of the generator.
    public var steps = 300_000
    /// Images for distribution matching, and for each update of the critic, in one step.
    public var batch = 392
    /// Pairs for the regression loss in one step.
    public var pairBatch = 392
    /// The most images for distribution matching that go through the networks at once, on the CPU in each thread: the
    /// gradients of a batch's parts are added up before an update, which needs less memory and changes nothing else. Null
    /// shares out the whole batch at once.
    public var microBatch: Int?
    /// Whether the pairs' images also serve distribution matching and the critic (Algorithm 1), as the paper has it for
    /// latent teachers and not for pixels.
    public var pairsJoinBatch = false

    /// What all three networks compute in; weights, their updates and losses are float32. Not in the paper.
    public var computeType = ComputeType.float32
    /// Whether the backward pass makes the networks' inner results again, block by block, rather than keep them: about a
    /// third more work in much less memory, with the same result. Not in the paper.
    public var gradientCheckpointing = false

    /// The weight of the distribution matching loss, 1 in the paper; 0 leaves the regression loss alone, as a row of its
    /// Table 2 does, while critic and losses go on for the log.
    public var matchingWeight = 1.0
    /// The weight of the regression loss, `lambda_reg`; 0 does without pairs. The paper takes 0.5 without classes.
    public var lambda = 0.25
    /// Which decoder makes the images of latents that the regression loss compares; pixels need none.
    public var decoder = LatentDecoder.full
    /// The weight `w_t` of the distribution matching gradient.
    public var weighting = DistributionMatchingWeighting.normalized
    /// Whether that gradient keeps the factor `alpha_t`.
    public var alphaFactor = AlphaFactor.kept
    /// The lowest noise level of distribution matching, as a fraction of the schedule's levels: `T_min / T`.
    public var minimumLevel = 0.02
    /// The noise level that distribution matching stays below, as a fraction: `T_max / T`.
    public var maximumLevel = 0.98
    /// Updates of the critic per update of the generator: 1 in DMD, more in DMD2 (arXiv 2405.14867), where they keep
    /// small batches, and runs without pairs, stable.
    public var criticSteps = 1

    /// The learning rate of both networks after the warm-up.
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

    /// Settings that change on the way, each such as `lambda=0.5 from 5400`: before step 5,400, counted from 0, it is what
    /// is said above. Those of the networks, of the averages and of the intervals cannot change. As in the paper's Table 5.
    public var changes: [String] = []

    /// Steps between two lines of the log. Not in the paper, as the next two.
    public var logEvery = 50
    /// Steps between two grids of samples.
    public var sampleEvery = 1_000
    /// Steps between two checkpoints.
    public var checkpointEvery = 5_000

    /// The paper's settings for class-conditional CIFAR-10.
    public init() {}

    /// The parts of a batch of which none is larger than `microBatch`.
    func parts(_ microBatch: Int) -> Int { (batch + microBatch - 1) / microBatch }

    /// Images for distribution matching in one step, those of pairs included.
    var judgedImages: Int { batch + (pairsJoinBatch ? pairBatch : 0) }

    /// The steps of a schedule of `count` at which distributions are matched, `[T_min, T_max)`.
    func levels(of count: Int) -> Range<Int> {
        let lower = Int((minimumLevel * Double(count)).rounded())
        return lower..<max(lower, Int((maximumLevel * Double(count)).rounded()))
    }

    /// - Throws: ``RecipeError/invalid(key:reason:)`` for values out of range, and where a part of a batch would get no pair.
    public func validate() throws {
        for (key, value) in [
            ("steps", steps), ("batch", batch), ("criticSteps", criticSteps), ("logEvery", logEvery),
            ("sampleEvery", sampleEvery), ("checkpointEvery", checkpointEvery),
        ] {
            try check(key, value, value >= 1, "at least 1")
        }
        try check("warmUpSteps", warmUpSteps, warmUpSteps >= 0, "at least 0")
        try check("coolDownSteps", coolDownSteps, coolDownSteps >= 0, "at least 0")
        for (key, value) in [
            ("learningRate", learningRate), ("clipNorm", clipNorm), ("emaRampUp", emaRampUp),
        ] {
            try check(key, value, value > 0 && value.isFinite, "above 0 and finite")
        }
        for (key, value) in [
            ("matchingWeight", matchingWeight), ("lambda", lambda), ("weightDecay", weightDecay),
        ] {
            try check(key, value, value >= 0 && value.isFinite, "at least 0 and finite")
        }
        try check("lambda", lambda, matchingWeight + lambda > 0, "above 0 while matchingWeight is 0")
        try check("emaHalfLifeImages", halfLives: emaHalfLifeImages)
        try check("beta1", beta1, (0..<1).contains(beta1), "at least 0 and below 1")
        try check("beta2", beta2, (0..<1).contains(beta2), "at least 0 and below 1")
        try check("minimumLevel", minimumLevel, (0..<1).contains(minimumLevel), "at least 0 and below 1")
        try check(
            "maximumLevel", maximumLevel, maximumLevel > minimumLevel && maximumLevel <= 1,
            "above minimumLevel, which is \(minimumLevel), and at most 1")
        try validateBatches()
        if !changes.isEmpty { _ = try phases() }
    }

    private func validateBatches() throws {
        if let microBatch { try check("microBatch", microBatch, microBatch >= 1, "at least 1") }
        if lambda == 0 {
            try check("pairBatch", pairBatch, pairBatch == 0, "0 while lambda is 0")
            try check("pairsJoinBatch", pairsJoinBatch, !pairsJoinBatch, "false while lambda is 0")
        } else {
            let parts = microBatch.map(parts) ?? 1
            try check(
                "pairBatch", pairBatch, pairBatch >= parts,
                "at least \(parts), the number of parts that microBatch makes of a batch, or lambda 0")
        }
    }
}
