// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit
import Foundation

/// Where to compute.
struct ComputeOptions: ParsableArguments {
    @Option(help: "Where to compute: cpu, cuda, cuda:INDEX or mps.")
    var device = "cpu"

    @Option(parsing: .unconditional, help: "Threads on the CPU (default: all cores).")
    var threads: Int?

    @Flag(
        help: """
            Make convolutions as libtorch does. Wide ones on the CPU are otherwise made two to three times as fast, and round a \
            little more.
            """)
    var exact = false

    /// For commands that one process does.
    func settings() throws -> ComputeSettings { try settings(ComputeSettings.single(device:threads:)) }

    /// For commands that a launcher may start in many processes; meets them.
    ///
    /// - Parameter isTrial: whether only to plan, which one process does.
    func sharedSettings(isTrial: Bool = false) throws -> ComputeSettings {
        try isTrial ? settings() : settings(ComputeSettings.launched(device:threads:))
    }

    private func settings(_ make: (String, Int?) throws -> ComputeSettings) throws -> ComputeSettings {
        do {
            var settings = try make(device, threads)
            settings.isExact = exact
            return settings
        } catch {
            throw Terminal.failure(error)
        }
    }
}

/// Which settings a run has.
struct RecipeOptions: ParsableArguments {
    @Option(
        help: """
            A YAML file of settings, or the name of a bundled recipe, such as cifar10-conditional; what it does not name \
            keeps its default.
            """)
    var recipe: Path?

    @Option(name: .customLong("set"), help: "One setting, as key=value; may be repeated.")
    var overrides: [String] = []

    @Flag(help: "Print the settings and what the run would cost, and stop.")
    var dryRun = false

    @Option(parsing: .unconditional, help: "With --dry-run: how many processes are to share the run.")
    var processes: Int?

    func validate() throws {
        guard processes == nil || dryRun else {
            throw ValidationError(
                "--processes belongs to --dry-run: torchrun, srun or mpirun start processes.")
        }
    }

    var settings: RecipeSettings { RecipeSettings(recipe?.description, overrides: overrides) }
}

/// How a run in a folder begins, goes on and ends.
struct RunOptions: ParsableArguments {
    @Option(
        help: """
            Go on with the run in this folder, with its settings, files and number of threads, unless other options say \
            otherwise.
            """)
    var resume: Path?

    @Option(
        name: .customLong("override"),
        help: """
            A setting that may differ from that of the run in the folder, such as distillation.steps; may be repeated.
            """)
    var overrides: [String] = []

    @Option(parsing: .unconditional, help: "Keep so many of the newest checkpoints (default: 2).")
    var keep: Int?

    @Option(parsing: .unconditional, help: "Also keep checkpoints whose step is a multiple of this.")
    var keepEvery: Int?

    @OptionGroup var time: TimeOptions

    func settings(_ out: Path?, default path: String) throws -> RunSettings {
        guard resume == nil || out == nil else { throw ValidationError("Give either --resume or --out.") }
        var settings = RunSettings((resume ?? out)?.description ?? path, resumes: resume != nil)
        settings.overriding = overrides
        settings.keep = keep
        settings.keepEvery = keepEvery
        try settings.stop(after: time.timeLimit)
        return settings
    }
}

/// When to stop in any case.
struct TimeOptions: ParsableArguments {
    @Option(
        help: """
            Stop, with a checkpoint, before so much time has passed: 90m, 3h30m, 1d12h. The exit status is then 75.
            """)
    var timeLimit: String?
}

/// Which teacher, and what it is asked for.
struct TeacherOptions: ParsableArguments {
    @Option(
        help: """
            The teacher's weights, as safetensors, or Stable Diffusion as a folder or one file, which needs --prompts (default: \
            the bundled teacher).
            """)
    var teacher: Path?

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

    @Option(
        help: """
            The sampler of a folder of Stable Diffusion: pndm, ddim, dpm++ or euler (default: the one that its scheduler names).
            """)
    var sampler: Sampling.Sampler?

    @OptionGroup var model: TextModelOptions

    func validate() throws {
        if prompts == nil, promptColumn != nil || promptVectors != nil {
            throw ValidationError("--prompt-column and --prompt-vectors need --prompts.")
        }
    }

    func settings(guidance: Double? = nil) -> TeacherSettings {
        let file = prompts.map { PromptFile($0.url, column: promptColumn, vectors: promptVectors?.url) }
        var settings = TeacherSettings(
            teacher?.url, prompts: file, guidance: guidance, sampler: sampler, variant: model.variant)
        settings.tokenizer = model.tokenizer?.url
        return settings
    }
}

/// What a model of Stable Diffusion leaves open.
struct TextModelOptions: ParsableArguments {
    @Option(
        help: """
            The variant of the weights in a folder of Stable Diffusion, such as fp16 or non_ema; parts without it give their plain \
            weights (default: the plain ones, or the only ones there are).
            """)
    var variant: String?

    @Option(
        help: """
            The folder of CLIP's tokenizer, for a model of Stable Diffusion in one file (default: one that is found beside it, in \
            ~/.local/share/dmd/tokenizers/, or in Hugging Face's cache).
            """)
    var tokenizer: Path?
}

/// A path as typed, relative to the working folder. `~/` stands for the home folder, also behind `=`, where shells leave it as it is.
struct Path: ExpressibleByArgument, CustomStringConvertible {
    let description: String
    var url: URL { URL(filePath: description) }

    init(argument: String) {
        description = argument.hasPrefix("~/") ? NSString(string: argument).expandingTildeInPath : argument
    }

    static var defaultCompletionKind: CompletionKind { .file() }
}

/// The seed that a text says.
func randomSeed(_ text: String) throws -> UInt64 {
    guard let seed = UInt64(text) else {
        throw ValidationError("give a whole number from 0 to \(UInt64.max)")
    }
    return seed
}
