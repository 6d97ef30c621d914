// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// How much fresh noise ``stochasticHeun(_:noise:given:steps:rho:churn:fresh:onState:)`` adds on its way, under EDM's
/// names. Source: Karras et al. 2022, algorithm 2 (arXiv 2206.00364).
public struct Churn: Codable, Sendable, Equatable {
    /// `S_churn`: the noise of all steps together, at least 0.
    public var amount: Double
    /// `S_tmin`: the least noise-to-signal ratio at which noise is added.
    public var minimum: Double
    /// `S_tmax`: the largest.
    public var maximum: Double
    /// `S_noise`: the deviation of the noise that is added, about 1.
    public var deviation: Double

    /// Noise at all ratios, or at some.
    public init(amount: Double, minimum: Double = 0, maximum: Double = .infinity, deviation: Double = 1) {
        self.amount = amount
        self.minimum = minimum
        self.maximum = maximum
        self.deviation = deviation
    }

    /// What EDM takes for its ImageNet network, with 256 steps: 1.36 of FID (Karras et al. 2022, table 5).
    public static let imageNet64 = Churn(amount: 40, minimum: 0.05, maximum: 50, deviation: 1.003)

    /// `gamma`: by what fraction of itself the ratio rises before a step.
    func rise(at ratio: Double, steps: Int) -> Double {
        (minimum...maximum).contains(ratio) ? min(amount / Double(steps), 2.0.squareRoot() - 1) : 0
    }
}

/// Samples as ``heun(_:noise:given:steps:rho:onState:)`` does, but adds fresh noise before each step and goes down from
/// there: errors of earlier steps are forgotten. Source: Karras et al. 2022, algorithm 2 (arXiv 2206.00364).
///
/// - Parameters:
///   - denoiser: the network.
///   - z: unit normal noise `[N, ...]`.
///   - condition: what each sample is to show, or nothing.
///   - steps: at least 1.
///   - rho: the larger, the more of the steps are at little noise.
///   - churn: how much noise is added.
///   - fresh: draws the unit normal noise of a step, as `z`. Noise drawn for each image by itself makes images that do not
///     depend on their batch.
///   - onState: hears every state.
/// - Returns: images, as `z`, without a graph.
public func stochasticHeun(
    _ denoiser: some Denoiser, noise z: Tensor, given condition: Condition? = nil, steps: Int,
    rho: Double = 7,
    churn: Churn, fresh: (_ step: Int) -> Tensor, onState: StateObserver = { _, _ in }
) -> Tensor {
    let flow = ProbabilityFlow(denoiser: denoiser, noise: z, condition: condition)
    let schedule = denoiser.schedule
    let levels = schedule.samplingLevels(count: steps, rho: rho)
    return flow.integrate(levels, from: flow.start, onState: onState) { x, level, next, step in
        let ratio = level.noiseToSignal
        let raised = schedule.rounded(noiseToSignal: ratio * (1 + churn.rise(at: ratio, steps: steps)))
        guard raised > ratio else { return heunStep(flow, x, level, next) }
        let added = (raised * raised - ratio * ratio).squareRoot() * churn.deviation
        let above = schedule.level(noiseToSignal: raised)
        return heunStep(flow, (x / level.alpha + fresh(step).to(x.dtype) * added) * above.alpha, above, next)
    }
}
