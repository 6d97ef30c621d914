// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Files
public import Foundation

/// Repeats the evaluation that a card tells of, and compares the scores.
///
/// All files must have the sums that the card has. A score is reproduced if it differs by no more than its spread, or by a
/// millionth where it has none.
public struct Verify: Job {
    /// The card, as ``Evaluate`` writes it.
    public var card: URL
    /// What was judged; nil for the card's path, as with all further ones.
    public var subject: String?
    /// What it was compared with.
    public var against: String?
    /// The teacher's weights.
    public var teacher: String?
    /// The weights of the features.
    public var featureWeights: String?
    /// LPIPS's weights; nil also for those that are installed.
    public var lpips: String?
    /// The file of prompts.
    public var prompts: String?
    /// The folder of CLIP.
    public var clip: String?
    /// Where to compute.
    public var compute: ComputeSettings

    /// The evaluation of a card; see the properties.
    public init(
        _ card: URL, subject: String? = nil, against: String? = nil, teacher: String? = nil,
        featureWeights: String? = nil, lpips: String? = nil, prompts: String? = nil, clip: String? = nil,
        compute: ComputeSettings = .cpu
    ) {
        (self.card, self.subject, self.against, self.teacher) = (card, subject, against, teacher)
        (self.featureWeights, self.lpips, self.prompts, self.clip) = (featureWeights, lpips, prompts, clip)
        self.compute = compute
    }

    /// Evaluates again.
    ///
    /// - Returns: what became of each score.
    /// - Throws: `CardError`; ``KitError`` for files that are not those of the card; else as ``Evaluate`` does.
    public func run(in context: JobContext) throws -> Verification {
        let expected = try Card(contentsOf: card)
        try requireUse(of: expected)
        let comparison = try comparison(expected)
        let found = try comparison.run(in: context) { _, opened in try requireSame(opened, expected) }
        for (here, there) in [(found.subject, expected.subject), (found.reference, expected.reference)]
        where here.sha256 != there.sha256 { throw changed(here.path) }
        comparison.forget()
        return Verification(
            verdicts: expected.scores.map {
                Verdict(expected: $0, found: found.score($0.name), isFID: expected.features.isFID)
            })
    }

    /// - Throws: `CardError` for what no evaluation writes, ``SettingError`` for a file that is named and not used.
    private func requireUse(of expected: Card) throws {
        let inputs = [expected.subject, expected.reference] + [expected.teacher].compactMap(\.self)
        let isPossible = inputs.allSatisfy { input in
            (input.steps ?? 1) >= 1 && (input.guidance ?? 1) >= 1 && (input.count ?? 2) >= 2
        }
        guard isPossible, !expected.seeds.isEmpty else { throw CardError.damaged(file: card.relativePath) }
        let reason = "is for what \(card.relativePath) does not tell of"
        if expected.teacher == nil { try refuse(["teacher": teacher], reason) }
        if expected.lpips == nil { try refuse(["lpips": lpips], reason) }
        if expected.prompts == nil { try refuse(["prompts": prompts], reason) }
        if expected.prompts?.clip == nil { try refuse(["clip": clip], reason) }
    }

    private func comparison(_ expected: Card) throws -> Comparison {
        var features = FeatureSettings(name: expected.features.name)
        let weights = featureWeights ?? existing(expected.features.path)
        if features.isProgram { features.name = weights ?? features.name } else { features.weights = weights }
        let lpips = try expected.lpips.map { (recorded: LPIPSProvenance) throws -> URL in
            let file = try DataFiles.lpips(self.lpips ?? existing(recorded.path))
            guard try sha256(ofFile: file) == recorded.sha256 else { throw changed(file.relativePath) }
            return file
        }
        return Comparison(
            subject: EvaluationInputRequest(expected.subject, at: subject),
            reference: EvaluationInputRequest(expected.reference, at: against),
            teacher: expected.teacher.map { EvaluationInputRequest($0, at: teacher) }, seeds: expected.seeds,
            features: features, lpips: lpips,
            prompts: expected.prompts.map { PromptRequest($0, file: prompts, clip: clip) },
            distanceOnly: expected.distanceOnly, device: compute.device,
            unfinished: card.appendingPathExtension("unfinished"))
    }

    /// Weights that are not at the card's path may be among those that are installed.
    private func existing(_ path: String) -> String? {
        FileManager.default.fileExists(atPath: URL(filePath: path).path) ? path : nil
    }

    private func requireSame(_ opened: Card, _ expected: Card) throws {
        let inputs = [(opened.subject, expected.subject), (opened.reference, expected.reference)]
        let teachers = [opened.teacher].compactMap(\.self)
        for (here, there) in inputs + zip(teachers, [expected.teacher].compactMap(\.self))
        where here.kind != there.kind || here.kind != .images && here.sha256 != there.sha256 {
            throw changed(here.path)
        }
        if opened.features.sha256 != expected.features.sha256 { throw changed(opened.features.path) }
        guard let here = opened.prompts, let there = expected.prompts else { return }
        if here.sha256 != there.sha256 { throw changed(here.path) }
        if let clip = here.clip, clip.sha256 != there.clip?.sha256 { throw changed(clip.path) }
    }

    private func changed(_ path: String) -> KitError {
        KitError(
            "\(path) is not what \(card.relativePath) was made of: its SHA-256 sum differs; name the right one."
        )
    }
}
