// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Repeat the evaluation on a card, and compare its scores.",
        discussion: """
            All files must have the SHA-256 sums on the card. A score is reproduced if it differs by no more than its \
            spread, or by a millionth where it has none; if one is not, the exit status is 1.
            """)

    @Argument(help: "The card, as dmd evaluate writes it.")
    var card: Path

    @Option(help: "What was judged, if it is not at the card's path.")
    var subject: Path?

    @Option(help: "What it was compared with, if that is not at the card's path.")
    var against: Path?

    @Option(help: "The teacher's weights, if they are not at the card's path.")
    var teacher: Path?

    @Option(help: "The weights of the features, if they are not at the card's path.")
    var featureWeights: Path?

    @Option(help: "LPIPS's weights, if they are not at the card's path.")
    var lpips: Path?

    @Option(help: "The file of prompts, if it is not at the card's path.")
    var prompts: Path?

    @Option(help: "The folder of CLIP, if it is not at the card's path.")
    var clip: Path?

    @OptionGroup var compute: ComputeOptions

    func run() async throws {
        let job = Verify(
            card.url, subject: subject?.description, against: against?.description,
            teacher: teacher?.description, featureWeights: featureWeights?.description,
            lpips: lpips?.description, prompts: prompts?.description, clip: clip?.description,
            compute: try compute.settings())
        let found = try await Terminal.run(job)
        for verdict in found.verdicts { print(verdict.line) }
        guard found.isReproduced else {
            print("Not all scores are reproduced.")
            throw ExitCode(1)
        }
        print("All \(found.verdicts.count) scores are reproduced.")
    }
}
