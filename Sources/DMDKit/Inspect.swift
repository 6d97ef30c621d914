// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Distillation
import Files
public import Foundation
import Torch
import Training
import Weights

/// Says what is in a safetensors file or in a run's folder.
public struct Inspect: Job {
    /// A safetensors file or a run's folder.
    public var place: URL
    /// Whether to list every tensor.
    public var listsTensors: Bool
    /// Where it computes.
    public var compute = ComputeSettings.cpu

    /// A look at a file or a folder.
    public init(_ place: URL, listsTensors: Bool = false) {
        (self.place, self.listsTensors) = (place, listsTensors)
    }

    /// Looks.
    ///
    /// - Returns: what there is, in lines.
    public func run(in context: JobContext) throws -> [String] {
        guard FileManager.default.fileExists(atPath: place.path) else {
            throw KitError("\(place.relativePath) does not exist: name a safetensors file or a run's folder.")
        }
        return try isFolder(place) ? lines(of: RunFolder(place)) : lines(of: SafetensorsFile(place))
    }

    private func lines(of file: SafetensorsFile) throws -> [String] {
        var count = 0
        var lines: [String] = []
        for name in file.names {
            let shape = try file.shape(of: name)
            count += shape.reduce(1, *)
            if listsTensors { lines.append("\(name)  \(try file.dtype(of: name)) \(shape)") }
        }
        lines.append("\(file.names.count) tensors, \(count.formatted()) values")
        return lines + file.metadata.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    }

    private func lines(of run: RunFolder) throws -> [String] {
        guard FileManager.default.fileExists(atPath: run.recipe.path) else {
            throw KitError("\(place.relativePath) is no run: it has no recipe.yaml.")
        }
        var lines = try String(contentsOf: run.recipe, encoding: .utf8).split(separator: "\n").map(
            String.init)
        if let checkpoint = try CheckpointReader.latest(in: run.checkpoints) {
            lines += ["", "last checkpoint: step \(checkpoint.step)"]
        }
        guard FileManager.default.fileExists(atPath: run.log.path) else { return lines }
        let logged = try ScalarLog.lines(of: run.log)
        guard let step = logged.last?.step else { return lines }
        let values = logged.filter { $0.step == step }.reduce(into: [:]) { $0.merge($1.values) { $1 } }
        lines.append("logged at step \(step):")
        lines += values.sorted { $0.key < $1.key }.map { "  \($0.key): \($0.value)" }
        if let health = Health(isWarm: true, scalars: values) { lines.append("\(health)") }
        return lines
    }
}
