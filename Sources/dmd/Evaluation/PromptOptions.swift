// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser

/// Which prompts images are or were made from.
struct PromptOptions: ParsableArguments {
    @Option(
        help: """
            A file of prompts, image i being of prompt i modulo their number: those that a folder of Stable Diffusion makes \
            images of, or those that a set of images was made from. A .txt file with a prompt a line, a .csv or .tsv \
            table, or .jsonl.
            """)
    var prompts: Path?

    @Option(help: "The column or key of the prompts (default: caption, text or prompt).")
    var promptColumn: String?

    @Option(
        parsing: .unconditional,
        help: """
            The guidance scale of a folder of Stable Diffusion in several steps, 1 for no guidance (default: 7.5).
            """)
    var guidance: Double?
}
