// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Torch
import Training
import Weights

extension DistillationRecipe {
    /// Whether all is there that the terms of a method read.
    ///
    /// - Throws: ``DistillationError``, `RecipeError`.
    func check(
        _ teacher: some Denoiser, _ method: Method, pairs: PairSet?, distance: Distance?, hasRealImages: Bool
    ) throws {
        let count = teacher.schedule.count
        for (key, settings) in [
            ("scoreLevels", scoreLevels), ("critic.levels", critic.levels),
            ("adversarial.levels", adversarial.levels),
        ] where settings.numbers(of: count).isEmpty {
            throw DistillationError.noLevels(key: key, count: count)
        }
        guard levels.allSatisfy({ $0 < count }) else {
            throw DistillationError.levelsBeyondSchedule(levels, count: count)
        }
        if regression.weight > 0 {
            if distance == nil, regression.decoder == .tiny, pairs != nil {
                throw DistillationError.noTinyDecoder
            }
            guard pairs != nil, distance != nil else { throw DistillationError.noPairs }
        }
        guard !method.generatorTerms.isEmpty else { throw DistillationError.noTerms }
        for term in method.generatorTerms {
            let readsFeatures: TermInputs = [.features, .logits, .scoreLogits]
            if !term.inputs.isDisjoint(with: readsFeatures), !(teacher is any FeatureDenoiser) {
                throw DistillationError.noFeatures(term: term.name, network: "\(type(of: teacher))")
            }
            if term.inputs.contains(.pairs) {
                guard pairs != nil else { throw DistillationError.noPairs }
                try validatePairs()
            }
        }
        if method.needsDiscriminator, !hasRealImages { throw DistillationError.noRealImages }
    }

    /// Sets a network up to compute as the recipe asks for.
    ///
    /// - Throws: ``DistillationError/unsupported(key:network:needs:)``.
    func prepare(_ network: some Denoiser) throws {
        func require(_ holds: Bool, _ key: String, _ needs: String) throws {
            guard holds else {
                throw DistillationError.unsupported(key: key, network: "\(type(of: network))", needs: needs)
            }
        }
        let isTyped = network.setComputeType(computeType)
        try require(isTyped || computeType == .float32, "computeType", "MixedPrecision")
        let isCheckpointed = network.setActivationCheckpointing(gradientCheckpointing)
        try require(
            isCheckpointed || !gradientCheckpointing, "gradientCheckpointing", "ActivationCheckpointing")
    }
}

extension PairDescription {
    /// Whether pairs were made by a teacher, under its conditions.
    ///
    /// - Throws: ``DistillationError/foreignPairs(what:expected:found:)``, ``DistillationError/datedPairs``.
    func check(madeBy teacher: some Denoiser, _ conditions: (any ConditionSource)?) throws {
        let prompts = teacher.classCount > 0 ? nil : conditions?.fingerprint
        if let prompts, let found = self.prompts?.fingerprint,
            prompts.hasPrefix(PromptVectors.fingerprintMark),
            !found.hasPrefix(PromptVectors.fingerprintMark)
        {
            throw DistillationError.datedPairs
        }
        for (what, expected, found) in [
            ("sample shape", "\(teacher.sampleShape)", "\(sampleShape)"),
            ("number of classes", "\(teacher.classCount)", "\(classCount)"),
            ("teacher's fingerprint", Weights.fingerprint(of: teacher.state), self.teacher),
            ("prompts' fingerprint", prompts ?? "none", self.prompts?.fingerprint ?? "none"),
        ] where expected != found {
            throw DistillationError.foreignPairs(what: what, expected: expected, found: found)
        }
    }
}
