// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Files
import Foundation
import Torch
import Training

/// Makes an evaluation again and says whether it comes out the same.
struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Repeat the evaluation that a card tells of, and compare its scores.",
        discussion: """
            All files must have the sums that the card has. A score is reproduced if it differs by no more than its spread, \
            or a millionth where it has none; if one is not, the exit status is 1.
            """)

    @Argument(help: "The card, as dmd evaluate writes it.")
    var card: Path

    @Option(help: "What was judged, where it is not at the card's path.")
    var subject: Path?

    @Option(help: "What it was compared with, where that is not at the card's path.")
    var against: Path?

    @Option(help: "The teacher's weights, where they are not at the card's path.")
    var teacher: Path?

    @Option(help: "The weights of the features, where they are not at the card's path.")
    var featureWeights: Path?

    @Option(help: "LPIPS's weights, where they are not at the card's path.")
    var lpips: Path?

    @Option(help: "The file of prompts, where it is not at the card's path.")
    var prompts: Path?

    @Option(help: "The folder of CLIP, where it is not at the card's path.")
    var clip: Path?

    @OptionGroup var compute: ComputeOptions

    func run() throws {
        let expected = try Card(contentsOf: card)
        let device = try compute.resolved()
        Interrupt.install()
        func request(_ origin: Origin, _ path: Path?) -> SideRequest {
            var request = SideRequest(origin)
            request.path = path ?? request.path
            return request
        }
        let lpips = lpips ?? expected.lpips.map { Path(argument: $0.path) } ?? .lpips
        if let sum = expected.lpips?.sha256, try sha256(ofFile: lpips.url) != sum {
            throw changed("\(lpips)")
        }
        let evaluation = Evaluation(
            subject: request(expected.subject, subject), reference: request(expected.reference, against),
            teacher: expected.teacher.map { request($0, teacher) }, seeds: expected.seeds,
            features: expected.features.name,
            featureWeights: featureWeights ?? Path(argument: expected.features.path), lpips: lpips,
            prompts: expected.prompts.map { PromptRequest($0, file: prompts, clip: clip) },
            distanceOnly: expected.distanceOnly, device: device,
            unfinished: card.url.appendingPathExtension("unfinished"))
        let found = try evaluation.run { opened in
            for (here, there) in [
                (opened.subject, expected.subject), (opened.reference, expected.reference),
            ] + zip([opened.teacher].compactMap { $0 }, [expected.teacher].compactMap { $0 })
            where here.kind != .images && here.sha256 != there.sha256 { throw changed(here.path) }
            if opened.features.sha256 != expected.features.sha256 { throw changed(opened.features.path) }
            if let here = opened.prompts, let there = expected.prompts {
                if here.sha256 != there.sha256 { throw changed(here.path) }
                if let clip = here.clip, clip.sha256 != there.clip?.sha256 { throw changed(clip.path) }
            }
        }
        for (here, there) in [(found.subject, expected.subject), (found.reference, expected.reference)]
        where here.sha256 != there.sha256 { throw changed(here.path) }
        let verdicts = expected.scores.map { verdict($0, found.scores, isFID: expected.features.isFID) }
        print(verdicts.map(\.line).joined(separator: "\n"))
        guard verdicts.allSatisfy(\.isReproduced) else {
            print("Not all scores are reproduced.")
            throw ExitCode(1)
        }
        print("All \(verdicts.count) scores are reproduced.")
    }

    private func changed(_ path: String) -> CommandError {
        CommandError(
            "\(path) is not what \(card) was made of: its SHA-256 sum differs; name the right one, see dmd verify --help."
        )
    }

    private func verdict(
        _ expected: NamedScore, _ scores: [NamedScore], isFID: Bool
    ) -> (line: String, isReproduced: Bool) {
        let title = expected.name.title(isFID: isFID)
        guard let found = scores.first(where: { $0.name == expected.name }) else {
            return ("\(title): \(expected.text), not measured here", false)
        }
        let tolerance = max(expected.spread ?? 0, 1e-6 * abs(expected.value))
        let isReproduced = abs(found.value - expected.value) <= tolerance
        return (
            "\(title): \(expected.text) there, \(found.text) here: \(isReproduced ? "reproduced" : "differs")",
            isReproduced
        )
    }
}
