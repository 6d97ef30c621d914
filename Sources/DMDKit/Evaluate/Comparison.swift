// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Files
import Foundation
import Torch

/// Compares two things: opens both, looks at their images and computes the scores.
struct Comparison {
    var subject: EvaluationInputRequest
    var reference: EvaluationInputRequest
    /// The teacher of the same-noise LPIPS.
    var teacher: EvaluationInputRequest?
    /// The random seeds of a model's noise, at least one.
    var seeds: [UInt64]
    var features: FeatureSettings
    /// LPIPS's weights; nil measures no LPIPS.
    var lpips: URL?
    /// The prompts that images are or were made from.
    var prompts: PromptRequest?
    /// Whether to measure only what needs no single features: the Frechet distance and the drifts of colour.
    var distanceOnly: Bool
    var device: Device
    /// The processes that share the work.
    var processes = Communicator.alone
    /// Where the work of a job that was stopped is kept.
    var unfinished: URL?

    /// - Parameter check: looks at what was opened before any work is done.
    /// - Returns: a card, whose work may still be kept, see ``forget()``; it has scores in the first of the processes that share the work.
    /// - Throws: ``KitError`` where things do not compare, what reading them throws, and `CancellationError`.
    func run(in context: JobContext, check: (ComparedInputs, Card) throws -> Void = { _, _ in }) throws
        -> Card
    {
        let network = try features.load(device: device)
        let prompts = try prompts?.open(device: device)
        let inputs = try open(prompts, context)
        let perceptual = try perceptual(of: inputs, context)
        var card = Card(
            program: version, device: "\(device)", subject: inputs.subject.provenance,
            reference: inputs.reference.provenance, features: try FeatureProvenance(features.name, network),
            seeds: seeds, distanceOnly: distanceOnly)
        card.teacher = inputs.teacher?.provenance
        card.prompts = prompts?.provenance
        try check(inputs, card)

        let look = Look(
            extractor: FeatureExtractor(
                network: network, keepsFeatures: !distanceOnly, folder: unfinished, processes: processes,
                context: context),
            features: card.features)
        let known = try look(at: inputs.reference, seed: seeds[0], "reference")
        if case .images(let seen) = known.result, inputs.reference.provenance.kind == .images {
            card.reference.sha256 = seen.sha256
        }
        let bySeed = try look.keeping(known) {
            try (inputs.subject.isModel ? seeds : [seeds[0]]).map { seed -> [NamedScore] in
                let found = try look(at: inputs.subject, seed: seed, "subject", prompts)
                if case .images(let seen) = found.result, inputs.subject.provenance.kind == .images {
                    card.subject.sha256 = seen.sha256
                }
                // The others have helped to look.
                guard processes.isFirst else { return [] }
                return try look.keeping(found) {
                    try context.check()
                    let scores = scores(of: found, against: known.result)
                    return try scores + perceptualScores(perceptual, inputs, found, seed: seed)
                }
            }
        }
        try context.check()
        card.scores = NamedScore.merged(bySeed).sorted {
            (ScoreName.allCases.firstIndex(of: $0.name) ?? 0)
                < (ScoreName.allCases.firstIndex(of: $1.name) ?? 0)
        }
        if card.score(.intraClassLPIPS) != nil || card.score(.sameNoiseLPIPS) != nil {
            card.lpips = perceptual?.provenance
        }
        return card
    }

    /// Removes what is kept of the work, once its result is safe.
    func forget() {
        if let unfinished, processes.isFirst { try? FileManager.default.removeItem(at: unfinished) }
    }

    private func scores(of found: Look.Found, against reference: Reference) -> [NamedScore] {
        switch found.result {
        case .saved(let saved):
            [NamedScore(.frechetDistance, Score(frechetDistance(saved.gaussian, reference.gaussian)))]
        case .images(let seen): DMDKit.scores(of: seen, against: reference)
        }
    }

    /// LPIPS's weights are loaded where there is something to measure.
    private func perceptual(of inputs: ComparedInputs, _ context: JobContext) throws -> PerceptualScores? {
        guard let lpips, !distanceOnly, inputs.teacher != nil || inputs.subject.hasClasses else { return nil }
        return try PerceptualScores(weights: lpips, device: device, context)
    }

    /// LPIPS between images of a class, and to the teacher's images of the same noise.
    private func perceptualScores(
        _ perceptual: PerceptualScores?, _ inputs: ComparedInputs, _ found: Look.Found, seed: UInt64
    ) throws -> [NamedScore] {
        guard let perceptual else { return [] }
        var scores: [NamedScore] = []
        if let source = found.source, let score = try perceptual.withinClasses(of: source, seed: seed) {
            scores.append(score)
        }
        if case .model(let subject) = inputs.subject.content, let teacher = inputs.teacher,
            case .model(let other) = teacher.content
        {
            scores.append(try perceptual.sameNoise(subject(seed), other(seed)))
        }
        return scores
    }
}
