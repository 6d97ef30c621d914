// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Models

/// Which prompts images are or were made from.
struct PromptOptions: ParsableArguments {
    @Option(
        help: """
            The prompts that images are made from, image i from prompt i modulo their number, by a folder of Stable \
            Diffusion, or that those of a set were made from: a .txt file with a prompt a line, a .csv or .tsv table, or \
            .jsonl.
            """)
    var prompts: Path?

    @Option(help: "The column or key of the prompts (default: caption, text or prompt).")
    var promptColumn: String?

    @Option(
        help: "How much prompts count in several steps of a folder of Stable Diffusion, 1 and above.")
    var guidance = StableDiffusionDenoiser.usualGuidance

    func validate() throws {
        try requireGuidance(guidance)
        guard prompts != nil || promptColumn == nil else {
            throw ValidationError("--prompt-column needs --prompts: name the file that has the column.")
        }
    }

    /// What is asked; nil without prompts.
    ///
    /// - Parameter clip: the folder of a CLIP model that measures how well images fit.
    func request(clip: Path? = nil) -> PromptRequest? {
        prompts.map { PromptRequest(file: $0, column: promptColumn, clip: clip) }
    }
}
