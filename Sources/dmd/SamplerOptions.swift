// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion

/// How images are made of a model.
struct SamplerOptions: ParsableArguments {
    @Option(help: "1 makes images in one evaluation, as a generator does; more sample a teacher.")
    var steps = 1

    @Option(help: "The method of more steps than one.")
    var sampler = Sampler.heun

    @Option(
        help: ArgumentHelp(
            "EDM's S_churn: fresh noise that Heun's method adds on its way, over all steps (default: none).",
            valueName: "amount"))
    var churn: Double?

    @Option(
        help: ArgumentHelp("EDM's S_min: the least noise level at which noise is added.", valueName: "sigma"))
    var churnMinimum = 0.0

    @Option(
        help: ArgumentHelp(
            "EDM's S_max: the largest noise level at which noise is added.", valueName: "sigma"))
    var churnMaximum = Double.infinity

    @Option(
        help: ArgumentHelp("EDM's S_noise: the deviation of the noise that is added.", valueName: "factor"))
    var churnNoise = 1.0

    enum Sampler: String, ExpressibleByArgument, CaseIterable { case heun, euler }

    func validate() throws {
        try requirePositive(("steps", steps))
        guard let churn else { return }
        guard sampler == .heun, steps > 1 else {
            throw ValidationError("--churn belongs to --sampler heun with more than one of --steps.")
        }
        guard churn >= 0, churnNoise > 0, 0 <= churnMinimum, churnMinimum <= churnMaximum else {
            throw ValidationError(
                "--churn must be at least 0, --churn-noise above 0, and --churn-minimum from 0 to --churn-maximum."
            )
        }
    }

    var method: SamplingMethod {
        if let churn {
            return .stochastic(
                Churn(amount: churn, minimum: churnMinimum, maximum: churnMaximum, deviation: churnNoise))
        }
        return sampler == .euler ? .euler : .heun
    }
}
