// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// A network with the levels of its schedule at which it is evaluated: one for a one-step generator, a falling list for
/// a generator of a few steps.
///
///     x = mu(x_T, T - 1),   then at each further level t:   x = mu(alpha_t x + sigma_t eps, t)
///
/// "Without time conditioning", as DMD has it, means that a one-step generator's level is always the highest. Source: DMD,
/// section 3.1 (arXiv 2311.18828); several steps: DMD2, section 4.4 (arXiv 2405.14867).
public struct Generator<Network: Denoiser>: Sendable {
    /// The network.
    public let network: Network
    /// The numbers of the levels, falling.
    public let levels: [Int]

    /// A generator.
    ///
    /// - Parameters:
    ///   - network: the network.
    ///   - levels: numbers of its schedule's levels, falling; if not given, the highest alone.
    public init(_ network: Network, levels: [Int]? = nil) {
        let count = network.schedule.count
        let levels = levels ?? [count - 1]
        precondition(
            !levels.isEmpty && levels.allSatisfy((0..<count).contains)
                && zip(levels, levels.dropFirst()).allSatisfy(>),
            "the levels \(levels) do not fall from \(count - 1) on")
        self.network = network
        self.levels = levels
    }

    /// Makes samples of noise.
    ///
    /// - Parameters:
    ///   - z: unit normal noise `[N, ...]`; gradient flows through it.
    ///   - condition: what each sample is to show, or nothing.
    ///   - fresh: unit normal noise, as `z`, for each step after the first, counted from 1; not needed for one step.
    /// - Returns: samples, as `z`.
    public func callAsFunction(
        _ z: Tensor, given condition: Condition? = nil, fresh: (_ step: Int) -> Tensor = noFreshNoise
    ) -> Tensor {
        func mean(_ x: Tensor, _ number: Int) -> Tensor {
            network(x, at: level(number, of: z), given: condition)
        }
        // At the highest level there is next to no signal; below it, a step begins as the others do, from no signal at all.
        let isHighest = levels[0] == network.schedule.count - 1
        let start =
            isHighest ? z * network.schedule.initialScale : level(levels[0], of: z).matching(z).sigma * z
        var x = mean(start, levels[0])
        for (step, number) in levels.enumerated().dropFirst() {
            x = mean(level(number, of: z).noising(x, noise: fresh(step)), number)
        }
        return x
    }

    private func level(_ number: Int, of z: Tensor) -> NoiseLevel {
        network.schedule.level(
            at: .full([z.shape[0]], value: Double(number), dtype: .int64, device: z.device))
    }
}

/// What a one-step generator asks for fresh noise: nothing.
public func noFreshNoise(_ step: Int) -> Tensor {
    preconditionFailure("step \(step) of a generator needs fresh noise")
}
