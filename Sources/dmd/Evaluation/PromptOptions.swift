// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser

/// Which prompts images were made from, and what tells how well they fit.
struct PromptOptions: ParsableArguments {
    @Option(
        help: """
            Of a set: the prompts that its images were made from, image i from prompt i modulo their number, to measure \
            the CLIP score: a .txt file with a prompt a line, a .csv or .tsv table, or .jsonl.
            """)
    var prompts: Path?

    @Option(help: "The column or key of the prompts (default: caption, text or prompt).")
    var promptColumn: String?

    @Option(
        help: """
            The folder of the CLIP model that measures it, in the layout of transformers, such as a copy of \
            openai/clip-vit-base-patch32.
            """)
    var clip: Path?

    func validate() throws {
        switch (prompts, clip) {
        case (nil, nil) where promptColumn != nil:
            throw ValidationError("--prompt-column needs --prompts: name the file that has the column.")
        case (nil, .some):
            throw ValidationError(
                "--clip needs --prompts: name the file of the prompts that the images were made from.")
        case (.some, nil):
            throw ValidationError(
                "--prompts needs --clip: name the folder of a CLIP model, such as a copy of openai/clip-vit-base-patch32."
            )
        default: break
        }
    }

    /// Both, where they are given.
    var request: PromptRequest? {
        guard let prompts, let clip else { return nil }
        return PromptRequest(file: prompts, column: promptColumn, clip: clip)
    }
}
