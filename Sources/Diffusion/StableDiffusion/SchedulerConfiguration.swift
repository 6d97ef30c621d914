// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// How a folder of Stable Diffusion is sampled, as `scheduler/scheduler_config.json` says: the noise levels, what the network
/// predicts, the sampler and where it evaluates the network. Settings that the file lacks have the values that diffusers
/// takes.
public struct SchedulerConfiguration: Equatable, Sendable {
    /// A sampler of this package.
    public enum Sampler: String, Sendable, CaseIterable {
        /// ``pndm(_:noise:condition:steps:spacing:endsClean:onState:)``
        case pndm = "PNDMScheduler"
        /// ``ddim(_:noise:condition:steps:spacing:endsClean:onState:)``
        case ddim = "DDIMScheduler"
        /// ``dpmSolver(_:noise:condition:steps:spacing:onState:)``
        case dpmSolver = "DPMSolverMultistepScheduler"
        /// ``discreteEuler(_:noise:condition:steps:spacing:onState:)``
        case euler = "EulerDiscreteScheduler"
    }

    /// The sampler that the folder names.
    public var sampler = Sampler.pndm
    /// What the network predicts.
    public var prediction = PredictionType.epsilon
    /// The noise levels.
    public var schedule = VariancePreservingSchedule.scaledLinear()
    /// At which levels the network is evaluated.
    public var spacing = StepSpacing.leading(offset: 1)
    /// Whether PNDM and DDIM end at no noise at all instead of the least level.
    public var endsClean = false

    /// The settings of Stable Diffusion 1.
    public init() {}

    /// Evaluations of the denoiser for a sample: ``pndm(_:noise:condition:steps:spacing:endsClean:onState:)`` needs one more
    /// than steps, once there are two.
    public func evaluations(steps: Int) -> Int { sampler == .pndm && steps > 1 ? steps + 1 : steps }

    /// Whether the sampler can take so many steps between the schedule's levels.
    public func canTake(steps: Int) -> Bool {
        guard (1...schedule.count).contains(steps) else { return false }
        let levels =
            sampler == .dpmSolver
            ? spacing.levelsBeforeEnd(steps, of: schedule.count) : spacing.levels(steps, of: schedule.count)
        return levels[0] < schedule.count && Set(levels).count == steps
    }
}

extension SchedulerConfiguration: Decodable {
    private enum CodingKeys: String, CodingKey {
        case className = "_class_name"
        case betaStart = "beta_start"
        case betaEnd = "beta_end"
        case betaSchedule = "beta_schedule"
        case count = "num_train_timesteps"
        case prediction = "prediction_type"
        case spacing = "timestep_spacing"
        case offset = "steps_offset"
        case endsClean = "set_alpha_to_one"
        case trainedBetas = "trained_betas"
        case skipRungeKutta = "skip_prk_steps"
        case clipsSample = "clip_sample"
        case thresholding
        case rescaleBetas = "rescale_betas_zero_snr"
        case algorithm = "algorithm_type"
        case solver = "solver_type"
        case order = "solver_order"
        case finalSigmas = "final_sigmas_type"
        case eulerAtFinal = "euler_at_final"
        case karrasSigmas = "use_karras_sigmas"
        case exponentialSigmas = "use_exponential_sigmas"
        case betaSigmas = "use_beta_sigmas"
        case luLambdas = "use_lu_lambdas"
        case flowSigmas = "use_flow_sigmas"
        case interpolation = "interpolation_type"
        case timestepType = "timestep_type"
    }

    /// Reads `scheduler_config.json`; what this package does not have is refused by name.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys, else standard: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? standard
        }
        func choice<Value: RawRepresentable<String> & CaseIterable>(
            _ key: CodingKeys, else standard: Value
        ) throws -> Value {
            let name = try value(key, else: standard.rawValue)
            guard let choice = Value(rawValue: name) else {
                let names = Value.allCases.map(\.rawValue).joined(separator: ", ")
                throw container.refusal(of: key, found: name, expected: "one of \(names)")
            }
            return choice
        }
        self.init()
        sampler = try choice(.className, else: .pndm)
        prediction = try choice(.prediction, else: .epsilon)
        try refuseUnsupported(in: container)
        schedule = try Self.schedule(in: container)
        let offset = try value(.offset, else: 0)
        guard (0..<schedule.count).contains(offset) else {
            throw container.refusal(of: .offset, found: offset, expected: "from 0 to \(schedule.count - 1)")
        }
        let standard = sampler == .pndm || sampler == .ddim ? "leading" : "linspace"
        switch try value(.spacing, else: standard) {
        case "leading": spacing = .leading(offset: offset)
        case "trailing": spacing = .trailing
        case "linspace": spacing = .linspace
        case let other:
            throw container.refusal(of: .spacing, found: other, expected: "leading, trailing or linspace")
        }
        endsClean = try value(.endsClean, else: sampler == .ddim)
    }

    private static func schedule(
        in container: KeyedDecodingContainer<CodingKeys>
    ) throws -> VariancePreservingSchedule {
        try container.requireNone(forKey: .trainedBetas)
        let first = try container.decodeIfPresent(Double.self, forKey: .betaStart) ?? 0.0001
        let last = try container.decodeIfPresent(Double.self, forKey: .betaEnd) ?? 0.02
        let count = try container.decodeIfPresent(Int.self, forKey: .count) ?? 1000
        for (key, beta) in [(CodingKeys.betaStart, first), (.betaEnd, last)] where !(0 < beta && beta < 1) {
            throw container.refusal(of: key, found: beta, expected: "between 0 and 1")
        }
        guard (2...100_000).contains(count) else {
            throw container.refusal(of: .count, found: count, expected: "from 2 to 100000")
        }
        switch try container.decodeIfPresent(String.self, forKey: .betaSchedule) ?? "linear" {
        case "scaled_linear": return .scaledLinear(from: first, to: last, count: count)
        case "linear": return .linear(from: first, to: last, count: count)
        case let other:
            throw container.refusal(of: .betaSchedule, found: other, expected: "linear or scaled_linear")
        }
    }

    /// What a sampler does not heed may have any value.
    private func refuseUnsupported(in container: KeyedDecodingContainer<CodingKeys>) throws {
        var flags: [CodingKeys] = [.rescaleBetas]
        switch sampler {
        case .pndm:
            guard try container.decodeIfPresent(Bool.self, forKey: .skipRungeKutta) == true else {
                throw container.refusal(of: .skipRungeKutta, found: false, expected: "true")
            }
        case .ddim:
            guard try container.decodeIfPresent(Bool.self, forKey: .clipsSample) == false else {
                throw container.refusal(of: .clipsSample, found: true, expected: "false")
            }
            flags.append(.thresholding)
        case .dpmSolver:
            try container.require("dpmsolver++", forKey: .algorithm)
            try container.require("midpoint", forKey: .solver)
            try container.require(2, forKey: .order)
            flags += [.thresholding, .luLambdas, .flowSigmas]
        case .euler:
            try container.require("linear", forKey: .interpolation)
            try container.require("discrete", forKey: .timestepType)
        }
        if sampler == .dpmSolver || sampler == .euler {
            try container.require("zero", forKey: .finalSigmas)
            flags += [.karrasSigmas, .exponentialSigmas, .betaSigmas]
        }
        for flag in flags { try container.require(false, forKey: flag) }
    }
}
