// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import DMDKit

struct InspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what is in a safetensors file or in a run's folder.")

    @Argument(help: "A safetensors file or a run's folder.")
    var path: Path

    @Flag(help: "List every tensor.")
    var tensors = false

    func run() async throws {
        for line in try await Terminal.run(Inspect(path.url, listsTensors: tensors)) { print(line) }
    }
}
