// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import ArgumentParser
import DMDKit

struct ConvertCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract:
            "Convert weights of EDM, PyTorch or NumPy to safetensors, and single files of Stable Diffusion to folders.",
        discussion: """
            Reads EDM's .pkl, files of torch.save, .npz, .npy and safetensors, told apart by what is in them. Nothing that \
            a file holds is run: what is no part of the weights is left unread. The result of one of EDM's networks is a \
            teacher for every other command. A whole model of Stable Diffusion 1 or 2 in one file (.safetensors or .ckpt) becomes \
            a folder in diffusers' layout, as in `dmd convert v1-5-pruned-emaonly.safetensors sd15/ --tokenizer clip/`.
            """)

    @Argument(help: "The weights.")
    var input: Path

    @Argument(
        help: "The safetensors file to write; for a whole model of Stable Diffusion, the folder (no ending).")
    var output: Path

    @Option(help: "Which of several sets of weights in the file (default: ema or state_dict).")
    var key: String?

    @Option(
        help:
            "The type to store numbers with a fraction in: float32, float16 or bfloat16 (default: as they are)."
    )
    var dtype: NumberType?

    @Option(
        help: """
            For a whole model of Stable Diffusion: the folder of CLIP's tokenizer (vocab.json and merges.txt, or tokenizer.json), \
            or another model's of its version.
            """)
    var tokenizer: Path?

    @Option(
        help: """
            For a whole model of Stable Diffusion 2: what it predicts, v_prediction (768 x 768 pixels) or epsilon (512 x 512).
            """)
    var prediction: Convert.Prediction?

    func run() async throws {
        var job = Convert(input.url, to: output.url, key: key, type: dtype)
        (job.tokenizer, job.prediction) = (tokenizer?.url, prediction)
        let made = try await Terminal.run(job)
        print("\(output): \(made.summary)")
    }
}

extension Convert.Prediction: ExpressibleByArgument {}
