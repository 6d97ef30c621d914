// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit

@main
struct DMD: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dmd",
        abstract: "Distil a diffusion model into a generator that needs one evaluation.",
        discussion: """
            Distribution Matching Distillation (Yin et al., CVPR 2024). Without options every command works on the \
            bundled Fashion-MNIST teacher.
            """,
        version: "\(DMDKit.version)\ndevices: \(DMDKit.devices)",
        subcommands: [
            MakeDatasetCommand.self, TrainTeacherCommand.self, ConvertCommand.self, MakePairsCommand.self,
            DistillCommand.self, SampleCommand.self, ExportCommand.self, EvaluateCommand.self,
            MakeReferenceCommand.self, VerifyCommand.self, InspectCommand.self, ReportCommand.self,
            BenchCommand.self,
            ServeCommand.self,
        ])

    @MainActor static func main() async {
        prepareProcess()
        await main(nil)
    }
}
