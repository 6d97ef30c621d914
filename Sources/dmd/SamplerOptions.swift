// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import ArgumentParser
import DMDKit

/// How images are made with a model.
struct SamplerOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: """
            Steps: 1 makes an image in one evaluation, more sample a teacher (default: 1 for a generator, 18 for a teacher, \
            50 for Stable Diffusion).
            """)
    var steps: Int?

    @Option(
        help: """
            The method of several steps: heun or euler of a model without text (default: heun), pndm, ddim, dpm++ or euler of \
            Stable Diffusion (default: the one that its scheduler names).
            """)
    var sampler: Sampling.Sampler?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "EDM's S_churn: fresh noise that Heun's method adds, over all steps together (default: none).",
            valueName: "amount"))
    var churn: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "EDM's S_min: the lowest noise level at which noise is added (default: 0).", valueName: "sigma"))
    var churnMinimum: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "EDM's S_max: the highest noise level at which noise is added (default: any).", valueName: "sigma"
        ))
    var churnMaximum: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "EDM's S_noise: the standard deviation of the added noise (default: 1).", valueName: "factor"))
    var churnNoise: Double?

    var settings: Sampling {
        Sampling(
            steps: steps, sampler: sampler, churn: churn, churnMinimum: churnMinimum,
            churnMaximum: churnMaximum, churnNoise: churnNoise)
    }
}

extension Sampling.Sampler: ExpressibleByArgument {}
