// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Evaluation
import Foundation
import Models

/// How images are made with a model. What is not given follows from the model.
public struct Sampling: Equatable, Sendable {
    /// A method of several steps. Models without text take Heun's and Euler's, those of Stable Diffusion all but Heun's.
    public enum Sampler: String, CaseIterable, Sendable {
        /// Heun's, of second order.
        case heun
        /// Euler's, of first order.
        case euler
        /// Linear multistep formulas, of fourth order.
        case pndm
        /// The deterministic DDIM, of first order.
        case ddim
        /// DPM-Solver++, of second order.
        case dpmSolver = "dpm++"

        /// That of Stable Diffusion; nil for Heun's.
        private var ofText: SchedulerConfiguration.Sampler? {
            switch self {
            case .heun: nil
            case .euler: .euler
            case .pndm: .pndm
            case .ddim: .ddim
            case .dpmSolver: .dpmSolver
            }
        }

        /// A folder of Stable Diffusion that is sampled by this method in the place of its own.
        ///
        /// - Throws: ``SettingError`` if it cannot be.
        func replaceSampler(of folder: inout StableDiffusionFolder) throws {
            guard !folder.isGenerator else {
                throw SettingError(
                    "sampler", "is for a teacher, and \(folder.url.relativePath) is a generator",
                    "leave it out")
            }
            guard let ofText else {
                throw SettingError(
                    "sampler", "is \(rawValue), which a text-to-image model does not take",
                    "give pndm, ddim, dpm++ or euler")
            }
            folder.scheduler.sampler = ofText
        }
    }

    /// Steps: 1 makes images in one evaluation, as a generator does; more sample a teacher, or are those of a generator of several.
    /// Nil for what the weights are for: 18 of a teacher's, all of a generator's, 1 where they do not say; of a folder of Stable
    /// Diffusion 50, or 1 of a generator.
    public var steps: Int?
    /// The method of several steps; nil for Heun's, or a text-to-image model's own.
    public var sampler: Sampler?
    /// EDM's `S_churn`: fresh noise that Heun's method adds, over all steps together; nil for none.
    public var churn: Double?
    /// EDM's `S_min`: the least noise level at which noise is added; nil for 0.
    public var churnMinimum: Double?
    /// EDM's `S_max`: the largest noise level at which noise is added; nil for any.
    public var churnMaximum: Double?
    /// EDM's `S_noise`: the deviation of the noise that is added; nil for 1.
    public var churnNoise: Double?

    /// A way to sample; see the properties.
    public init(
        steps: Int? = nil, sampler: Sampler? = nil, churn: Double? = nil, churnMinimum: Double? = nil,
        churnMaximum: Double? = nil, churnNoise: Double? = nil
    ) {
        (self.steps, self.sampler, self.churn) = (steps, sampler, churn)
        (self.churnMinimum, self.churnMaximum, self.churnNoise) = (churnMinimum, churnMaximum, churnNoise)
    }

    /// The settings of fresh noise, which Heun's method alone adds.
    private var churnSettings: KeyValuePairs<String, Any?> {
        [
            "churn": churn, "churnMinimum": churnMinimum, "churnMaximum": churnMaximum,
            "churnNoise": churnNoise,
        ]
    }

    private func refuseMethod(_ reason: String) throws {
        try refuse(["sampler": sampler], reason)
        try refuse(churnSettings, reason)
    }

    /// - Throws: ``SettingError`` for a setting that is given.
    func refuseAll(_ reason: String) throws {
        try refuse(["steps": steps], reason)
        try refuseMethod(reason)
    }

    /// Steps of a folder of Stable Diffusion, whose sampler is replaced where another is asked for.
    ///
    /// - Throws: ``SettingError`` for settings that do not belong to it, `StableDiffusionError` for steps that its sampler cannot
    ///   take.
    func steps(of folder: inout StableDiffusionFolder) throws -> Int {
        try refuse(churnSettings, "is for Heun's method, which a text-to-image model does not take")
        try require(("steps", steps, .samplerSteps))
        try sampler?.replaceSampler(of: &folder)
        let count = steps ?? folder.usualSteps
        if count == 1 { try refuse(["sampler": sampler], "is a method of several steps, and there is 1") }
        if count > 1 { try folder.scheduler.check(steps: count) }
        return count
    }

    /// How weights make images: a generator at its own levels, the first of them if fewer steps are asked for.
    ///
    /// - Throws: ``SettingError`` for settings that cannot be, or do not belong to the weights.
    func steps(of use: WeightsUse) throws -> (count: Int, method: SamplingMethod) {
        let count = steps ?? use.usualSteps
        guard let levels = use.levels else { return (count, try method(steps: count)) }
        try require(("steps", count, .samplerSteps))
        try refuseMethod("is for a teacher, and this generator has levels of its own")
        guard count <= levels.count else {
            throw SettingError(
                "steps", "is \(count)",
                levels.count == 1 ? "this generator takes 1" : "this generator takes 1 to \(levels.count)")
        }
        return (count, .generator(levels: Array(levels.prefix(count))))
    }

    /// The method that makes images in a number of steps.
    ///
    /// - Throws: ``SettingError`` for settings that cannot be, or do not belong to so many steps.
    func method(steps: Int) throws -> SamplingMethod {
        try require(("steps", steps, .samplerSteps))
        if let sampler, sampler != .heun, sampler != .euler {
            throw SettingError(
                "sampler", "is \(sampler.rawValue), which belongs to text-to-image models",
                "give heun or euler")
        }
        guard let churn else {
            try refuse(
                ["churnMinimum": churnMinimum, "churnMaximum": churnMaximum, "churnNoise": churnNoise],
                "is of no use without `churn`", advice: "give `churn`, or leave it out")
            if steps == 1 {
                try refuse(
                    ["sampler": sampler], "is a method of several steps, and there is 1",
                    advice: "give more `steps`, or leave it out")
            }
            return sampler == .euler ? .euler : .heun
        }
        guard sampler != .euler, steps > 1 else {
            throw SettingError(
                "churn", "belongs to `sampler` heun with more than one of `steps`",
                "give more `steps`, or leave it out")
        }
        let noise = Churn(
            amount: churn, minimum: churnMinimum ?? 0, maximum: churnMaximum ?? .infinity,
            deviation: churnNoise ?? 1)
        guard noise.amount >= 0, noise.amount.isFinite else {
            throw SettingError("churn", "is \(churn)", "give at least 0")
        }
        guard noise.deviation > 0, noise.deviation.isFinite else {
            throw SettingError("churnNoise", "is \(noise.deviation)", "give more than 0")
        }
        guard 0 <= noise.minimum, noise.minimum <= noise.maximum else {
            throw SettingError(
                "churnMinimum", "is \(noise.minimum)",
                "give 0 up to `churnMaximum`, which is \(noise.maximum)")
        }
        return .stochastic(noise)
    }
}

extension SamplerSettings {
    /// What a card says of a method.
    init(_ method: SamplingMethod) {
        switch method {
        case .generator(let levels):
            self.init("generator")
            self.levels = levels
        case .heun: self.init("heun")
        case .euler: self.init("euler")
        case .stochastic(let noise):
            self.init("heun")
            churn = noise.amount
            churnMinimum = noise.minimum
            churnMaximum = noise.maximum.isFinite ? noise.maximum : nil
            churnNoise = noise.deviation
        }
    }

    /// What a card says of a model's own scheduler.
    init(_ scheduler: SchedulerConfiguration) { self.init(scheduler.sampler.rawValue) }

    /// The method that a card tells of.
    var method: SamplingMethod {
        if let levels { return .generator(levels: levels) }
        if let churn {
            return .stochastic(
                Churn(
                    amount: churn, minimum: churnMinimum ?? 0, maximum: churnMaximum ?? .infinity,
                    deviation: churnNoise ?? 1))
        }
        return name == "euler" ? .euler : .heun
    }
}
