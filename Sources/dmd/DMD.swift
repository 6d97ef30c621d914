// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Foundation
import Logging
import Torch

@main
struct DMD: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dmd",
        abstract: "Distil a diffusion model into a generator that needs one evaluation.",
        discussion: """
            Distribution Matching Distillation (Yin et al., CVPR 2024). Without flags every command works on the \
            bundled Fashion-MNIST teacher.
            """,
        version: "0.1.0 (libtorch \(LibTorch.version))",
        subcommands: [
            MakeDataset.self, TrainTeacher.self, Convert.self, MakePairs.self, Distill.self, Sample.self,
            Export.self, Evaluate.self, MakeReference.self, Verify.self, Inspect.self, Bench.self,
        ])

    static func main() {
        LibTorch.keepFreedMemory()
        LibTorch.whenOutOfMemory(Ending.outOfMemory)
        LoggingSystem.bootstrap(StreamLogHandler.standardError)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            exit(withError: error)
        }
    }
}
