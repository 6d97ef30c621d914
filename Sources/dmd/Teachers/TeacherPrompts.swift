// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Encoders
import Foundation

/// What a text-to-image teacher is asked for.
struct TeacherPrompts: ParsableArguments {
    @Option(
        help: """
            The prompts, where --teacher is a folder of Stable Diffusion: a line each in a .txt file, or a column of a \
            .csv, .tsv or .jsonl file.
            """)
    var prompts: Path?

    @Option(help: "The column of the prompts (default: caption, text or prompt).")
    var promptColumn: String?

    @Option(
        help: """
            The folder that keeps the prompts' vectors, 118 kB for each different prompt of Stable Diffusion 1 \
            (default: beside the file of prompts, with the ending .vectors).
            """)
    var promptVectors: Path?

    /// The prompts, in the order of their file.
    func read() throws -> [String] {
        guard let prompts else {
            throw CommandError("A text-to-image teacher needs prompts: name a file of them with --prompts.")
        }
        return try readPrompts(prompts.url, column: promptColumn)
    }

    /// Where vectors are kept.
    var folder: URL {
        promptVectors?.url ?? URL(filePath: (prompts?.url.path ?? "prompts") + ".vectors")
    }

    /// - Throws: `ValidationError` if there are options for a teacher that knows no prompts.
    func refuse() throws {
        guard prompts == nil, promptColumn == nil, promptVectors == nil else {
            throw ValidationError("--prompts belongs to a teacher that is a folder of Stable Diffusion.")
        }
    }
}
