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
        LibTorch.keepFreedMemory()
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
        samples(ofStep: levels.count - 1, z, condition, fresh)
    }

    /// What the network is given in a step: noise at first, later the samples of the step before, noised anew. In training that is
    /// backward simulation: the network meets its own samples, as it will when it is used. Source: DMD2, section 4.5 (arXiv
    /// 2405.14867).
    ///
    /// - Parameters:
    ///   - step: the number of the step, from 0.
    ///   - z: unit normal noise `[N, ...]`; gradient flows through it.
    ///   - condition: what each sample is to show, or nothing.
    ///   - fresh: unit normal noise, as `z`, for each step after the first, counted from 1.
    /// - Returns: as `z`.
    public func input(
        ofStep step: Int, _ z: Tensor, given condition: Condition? = nil,
        fresh: (_ step: Int) -> Tensor = noFreshNoise
    ) -> Tensor {
        let level = level(ofStep: step, of: z)
        guard step > 0 else {
            // At the highest level there is next to no signal; below it, a step begins as the others do, from no signal at all.
            let isHighest = levels[0] == network.schedule.count - 1
            return isHighest ? z * network.schedule.initialScale : level.matching(z).sigma * z
        }
        return level.noising(samples(ofStep: step - 1, z, condition, fresh), noise: fresh(step))
    }

    /// The level of a step, for each sample of `z`.
    public func level(ofStep step: Int, of z: Tensor) -> NoiseLevel {
        network.schedule.level(
            at: .full([z.shape[0]], value: Double(levels[step]), dtype: .int64, device: z.device))
    }

    private func samples(
        ofStep step: Int, _ z: Tensor, _ condition: Condition?, _ fresh: (_ step: Int) -> Tensor
    ) -> Tensor {
        let input = input(ofStep: step, z, given: condition, fresh: fresh)
        return network(input, at: level(ofStep: step, of: z), given: condition)
    }
}

/// What a one-step generator asks for fresh noise: nothing.
public func noFreshNoise(_ step: Int) -> Tensor {
    preconditionFailure("step \(step) of a generator needs fresh noise")
}
