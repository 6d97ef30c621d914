// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Distillation
import Files
import Foundation
import Torch
import Training
import Weights

/// Says what is in a weights file or a run.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what is in a safetensors file or in a run's folder.")

    @Argument(help: "A safetensors file or a run's folder.")
    var path: Path

    @Flag(help: "List every tensor.")
    var tensors = false

    func run() throws {
        guard FileManager.default.fileExists(atPath: path.url.path) else {
            throw CommandError("\(path) does not exist: name a safetensors file or a run's folder.")
        }
        try path.isFolder ? showRun(RunFolder(path.url)) : showWeights(SafetensorsFile(path.url))
    }

    private func showWeights(_ file: SafetensorsFile) throws {
        var count = 0
        for name in file.names {
            let shape = try file.shape(of: name)
            count += shape.reduce(1, *)
            if tensors { print("\(name)  \(try file.dtype(of: name)) \(shape)") }
        }
        print("\(file.names.count) tensors, \(count.formatted()) values")
        for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) { print("\(key): \(value)") }
    }

    private func showRun(_ run: RunFolder) throws {
        guard FileManager.default.fileExists(atPath: run.recipe.path) else {
            throw CommandError("\(path) is no run: it has no recipe.yaml.")
        }
        print(try String(contentsOf: run.recipe, encoding: .utf8), terminator: "")
        if let checkpoint = try CheckpointReader.latest(in: run.checkpoints) {
            print("\nlast checkpoint: step \(checkpoint.step)")
        }
        let lines = try ScalarLog.lines(of: run.log)
        if let step = lines.last?.step {
            let values = lines.filter { $0.step == step }.reduce(into: [:]) { $0.merge($1.values) { $1 } }
            print("logged at step \(step):")
            for (tag, value) in values.sorted(by: { $0.key < $1.key }) { print("  \(tag): \(value)") }
            if let health = Health(isWarm: true, scalars: values) { print(health) }
        }
    }
}
