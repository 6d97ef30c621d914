// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Foundation
import Torch
import Weights

/// How a folder of Stable Diffusion is sampled, as `scheduler/scheduler_config.json` says: the noise levels, what the network
/// predicts, the sampler and where it evaluates the network. Settings that the file lacks have the values that diffusers
/// takes.
public struct SchedulerConfiguration: Equatable, Sendable {
    /// A sampler of this package.
    public enum Sampler: String, Sendable, CaseIterable {
        /// `pndm(_:noise:given:steps:spacing:combining:endsClean:onState:)`
        case pndm = "PNDMScheduler"
        /// `ddim(_:noise:given:steps:spacing:endsClean:onState:)`
        case ddim = "DDIMScheduler"
        /// `dpmSolver(_:noise:given:steps:spacing:onState:)`
        case dpmSolver = "DPMSolverMultistepScheduler"
        /// `discreteEuler(_:noise:given:steps:spacing:onState:)`
        case euler = "EulerDiscreteScheduler"
        /// `Generator`: one step from pure noise, or a few at falling levels, for a generator that was distilled to need no
        /// more.
        ///
        /// diffusers makes `c_skip z + c_out mu` of the noise `z`, with `c_skip = 0.25 / ((10 t)^2 + 0.25)` and
        /// `c_out = 10 t / sqrt((10 t)^2 + 0.25)` (Luo et al. 2023, section 4.1, arXiv 2310.04378): at t = 999 these are
        /// 2.5e-9 and 1 - 1.3e-9, so that the images are those of `mu` alone; at t = 249, 4e-8 and 1 - 2e-8.
        case generator = "LCMScheduler"
    }

    /// The variance that each step of the schedule adds, which rises from the first step to the last.
    public struct Betas: Equatable, Sendable {
        /// What is evenly spaced.
        public enum Spacing: String, Sendable {
            /// The variances.
            case linear
            /// Their square roots.
            case scaledLinear = "scaled_linear"
        }

        /// What is evenly spaced.
        public var spacing = Spacing.scaledLinear
        /// The variance of the first step, between 0 and 1.
        public var first = 0.00085
        /// That of the last.
        public var last = 0.012
        /// The number of steps, at least 2.
        public var count = 1000

        /// Those of Stable Diffusion 1 and 2.
        public init() {}
    }

    /// The sampler that the folder names, or another that is to take its place.
    public var sampler = Sampler.pndm { didSet { unsupported = nil } }
    /// What of the folder's own sampler this package does not have, such as `_class_name is UniPCMultistepScheduler, ...`; nil if it has
    /// it all. One step, levels and predictions need no sampler, so that only ``check(steps:)`` for more steps refuses it.
    public private(set) var unsupported: String?
    /// What the network predicts.
    public var prediction = PredictionType.epsilon
    /// What the noise levels come from.
    public var betas = Betas()
    /// At which levels the network is evaluated.
    public var spacing = StepSpacing.leading(offset: 1)
    /// The steps of a generator's sampler that it was trained for, evenly spaced: diffusers' `original_inference_steps`.
    public var generatorSteps = 1
    /// Whether PNDM and DDIM end at no noise at all instead of the least level.
    public var endsClean = false

    /// The settings of Stable Diffusion 1.
    public init() {}

    /// Evaluations of the denoiser for a sample: `pndm(_:noise:given:steps:spacing:combining:endsClean:onState:)` needs one more
    /// than steps, once there are two.
    public func evaluations(steps: Int) -> Int { sampler == .pndm && steps > 1 ? steps + 1 : steps }

    /// Reads the settings of a model's folder.
    ///
    /// - Throws: `ModelFolderError`.
    public init(ofModel folder: URL) throws {
        self = try ModelFolder.decode(
            Self.self, from: folder.appending(path: "scheduler").appending(path: "scheduler_config.json"))
    }

    /// The noise levels.
    public var schedule: VariancePreservingSchedule {
        switch betas.spacing {
        case .linear: .linear(from: betas.first, to: betas.last, count: betas.count)
        case .scaledLinear: .scaledLinear(from: betas.first, to: betas.last, count: betas.count)
        }
    }

    /// The numbers of the levels of a generator's sampler, falling, as diffusers' LCMScheduler chooses them: of those that it was trained
    /// for, `c k - 1` with `k` from ``generatorSteps`` to 1 and `c` the schedule's share of each, as many as there are steps, evenly
    /// spaced from the first on.
    ///
    /// - Parameter steps: from 1 to ``generatorSteps``.
    public func generatorLevels(steps: Int) -> [Int] {
        let share = betas.count / generatorSteps
        return (0..<steps).map { (generatorSteps - $0 * generatorSteps / steps) * share - 1 }
    }

    /// Whether the sampler can take so many steps between the schedule's levels.
    public func canTake(steps: Int) -> Bool {
        guard (1...betas.count).contains(steps) else { return false }
        if sampler == .generator { return steps <= generatorSteps }
        let levels =
            sampler == .dpmSolver
            ? spacing.levelsBeforeEnd(steps, of: betas.count) : spacing.levels(steps, of: betas.count)
        return levels[0] < betas.count && Set(levels).count == steps
    }
}

extension SchedulerConfiguration: Codable {
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
        case timestepScaling = "timestep_scaling"
        case originalSteps = "original_inference_steps"
    }

    /// Reads `scheduler_config.json`; what this package does not have is refused by name.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys, else standard: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? standard
        }
        func refusal<Value: RawRepresentable<String> & CaseIterable>(
            of key: CodingKeys, _ name: String, _ type: Value.Type
        ) -> DecodingError {
            let names = type.allCases.map(\.rawValue).joined(separator: ", ")
            return container.refusal(of: key, found: name, expected: "one of \(names)")
        }
        self.init()
        try container.require(false, forKey: .rescaleBetas)
        let predictionName = try value(.prediction, else: PredictionType.epsilon.rawValue)
        guard let prediction = PredictionType(rawValue: predictionName) else {
            throw refusal(of: .prediction, predictionName, PredictionType.self)
        }
        self.prediction = prediction
        let samplerName = try value(.className, else: Sampler.pndm.rawValue)
        let named = Sampler(rawValue: samplerName)
        sampler = named ?? .ddim
        do {
            guard named != nil else { throw refusal(of: .className, samplerName, Sampler.self) }
            try refuseUnsupported(in: container)
        } catch DecodingError.dataCorrupted(let context) where named != .generator {
            unsupported = "\(context.codingPath.last?.stringValue ?? "") \(context.debugDescription)"
        }
        betas = try Self.betas(in: container, of: sampler)
        let offset = try value(.offset, else: 0)
        guard (0..<betas.count).contains(offset) else {
            throw container.refusal(of: .offset, found: offset, expected: "from 0 to \(betas.count - 1)")
        }
        let standard = sampler == .dpmSolver || sampler == .euler ? "linspace" : "leading"
        switch try value(.spacing, else: standard) {
        case "leading": spacing = .leading(offset: offset)
        case "trailing": spacing = .trailing
        case "linspace": spacing = .linspace
        case let other:
            throw container.refusal(of: .spacing, found: other, expected: "leading, trailing or linspace")
        }
        endsClean = try value(.endsClean, else: sampler == .ddim)
        guard sampler == .generator else { return }
        generatorSteps = try value(.originalSteps, else: 50)
        guard generatorSteps >= 1, betas.count.isMultiple(of: generatorSteps) else {
            throw container.refusal(
                of: .originalSteps, found: generatorSteps,
                expected: "a divisor of num_train_timesteps, \(betas.count)")
        }
    }

    private static func betas(
        in container: KeyedDecodingContainer<CodingKeys>, of sampler: Sampler
    ) throws -> Betas {
        try container.requireNone(forKey: .trainedBetas)
        var betas = Betas()
        // Where nothing is said, diffusers' scheduler of generators takes these and its others take those of Ho et al.
        if sampler != .generator { (betas.spacing, betas.first, betas.last) = (.linear, 0.0001, 0.02) }
        betas.first = try container.decodeIfPresent(Double.self, forKey: .betaStart) ?? betas.first
        betas.last = try container.decodeIfPresent(Double.self, forKey: .betaEnd) ?? betas.last
        betas.count = try container.decodeIfPresent(Int.self, forKey: .count) ?? betas.count
        for (key, beta) in [(CodingKeys.betaStart, betas.first), (.betaEnd, betas.last)]
        where !(0 < beta && beta < 1) {
            throw container.refusal(of: key, found: beta, expected: "between 0 and 1")
        }
        guard (2...100_000).contains(betas.count) else {
            throw container.refusal(of: .count, found: betas.count, expected: "from 2 to 100000")
        }
        if let name = try container.decodeIfPresent(String.self, forKey: .betaSchedule) {
            guard let spacing = Betas.Spacing(rawValue: name) else {
                throw container.refusal(of: .betaSchedule, found: name, expected: "linear or scaled_linear")
            }
            betas.spacing = spacing
        }
        return betas
    }

    /// What a sampler does not heed may have any value.
    ///
    /// - Throws: `DecodingError.dataCorrupted` for a setting that the sampler here does not have.
    private func refuseUnsupported(in container: KeyedDecodingContainer<CodingKeys>) throws {
        var flags: [CodingKeys] = []
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
        case .generator:
            try container.require(false, forKey: .clipsSample)
            try container.require(10.0, forKey: .timestepScaling)
            flags.append(.thresholding)
        }
        if sampler == .dpmSolver || sampler == .euler {
            try container.require("zero", forKey: .finalSigmas)
            flags += [.karrasSigmas, .exponentialSigmas, .betaSigmas]
        }
        for flag in flags { try container.require(false, forKey: flag) }
    }

    /// Writes what diffusers reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(sampler.rawValue, forKey: .className)
        try container.encode(prediction, forKey: .prediction)
        try container.encode(betas.spacing.rawValue, forKey: .betaSchedule)
        try container.encode(betas.first, forKey: .betaStart)
        try container.encode(betas.last, forKey: .betaEnd)
        try container.encode(betas.count, forKey: .count)
        switch spacing {
        case .leading(let offset):
            try container.encode("leading", forKey: .spacing)
            try container.encode(offset, forKey: .offset)
        case .trailing: try container.encode("trailing", forKey: .spacing)
        case .linspace: try container.encode("linspace", forKey: .spacing)
        }
        switch sampler {
        case .pndm:
            try container.encode(endsClean, forKey: .endsClean)
            try container.encode(true, forKey: .skipRungeKutta)
        case .ddim:
            try container.encode(endsClean, forKey: .endsClean)
            try container.encode(false, forKey: .clipsSample)
        case .dpmSolver: try container.encode("dpmsolver++", forKey: .algorithm)
        case .euler: break
        case .generator:
            try container.encode(false, forKey: .clipsSample)
            // The steps that diffusers then takes are these, and it refuses more.
            try container.encode(generatorSteps, forKey: .originalSteps)
        }
    }
}
