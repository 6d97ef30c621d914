// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit

struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Convert weights of EDM, PyTorch or NumPy to safetensors.",
        discussion: """
            Reads EDM's .pkl, files of torch.save, .npz, .npy and safetensors, told apart by what is in them. Nothing that \
            a file holds is run: what is no part of the weights is left unread. The result of one of EDM's networks is a \
            teacher for every other command.
            """)

    @Argument(help: "The weights.")
    var input: Path

    @Argument(help: "The safetensors file to write.")
    var output: Path

    @Option(help: "Which of several sets of weights in the file (default: ema or state_dict).")
    var key: String?

    @Option(
        help:
            "The type to store numbers with a fraction in: float32, float16 or bfloat16 (default: as they are)."
    )
    var dtype: NumberType?

    func run() async throws {
        let made = try await Terminal.run(Convert(input.url, to: output.url, key: key, type: dtype))
        print("\(output): \(made.summary)")
    }
}
