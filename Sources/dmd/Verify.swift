// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Repeat the evaluation on a card, or look whether an exported generator is whole.",
        discussion: """
            All files must have the SHA-256 sums on the card. A score is reproduced if it differs by no more than its \
            spread, or by a millionth where it has none; if one is not, the exit status is 1.

            Of a folder that dmd export wrote, a model of ONNX is run on the example beside it, and files of weights are compared \
            with the sums in contract.json.
            """)

    @Argument(help: "The card, as dmd evaluate writes it, or a folder that dmd export wrote.")
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
        if VerifyExport.takes(card.url) { return try await verifyExport() }
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

    private func verifyExport() async throws {
        let options = [subject, against, teacher, featureWeights, lpips, prompts, clip]
        guard options.allSatisfy({ $0 == nil }) else {
            throw ValidationError(
                "\(card) is a folder that dmd export wrote, for which no file is named: name it alone.")
        }
        let found = try await Terminal.run(VerifyExport(card.url))
        print(found.line)
        guard found.isReproduced else { throw ExitCode(1) }
    }
}
