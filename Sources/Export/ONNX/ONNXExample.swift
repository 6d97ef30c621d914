// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
import OrderedCollections
import Torch
import Weights

/// What became of the example in the folder of a generator's ONNX model when the model was run.
public struct ONNXExample: Equatable, Sendable {
    /// The largest difference of a value of the image.
    public let difference: Double
    /// The difference that the types of weights explain.
    public let limit: Double

    /// Whether the model makes the image of the example.
    public var isReproduced: Bool { difference <= limit }

    static let (file, limitKey) = ("example.safetensors", "limit")

    /// Whether a folder has an example.
    public static func exists(in folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: file).path)
    }

    /// Runs the model of a folder on its example.
    ///
    /// - Throws: ``ONNXError/unreadable(file:reason:)``, `SafetensorsError`, `FileError`.
    public init(runIn folder: URL) throws {
        let file = try SafetensorsFile(folder.appending(path: Self.file))
        let program = try ONNXProgram(folder.appending(path: modelFile))
        var inputs: [String: Tensor] = [:]
        for name in program.inputs { inputs[name] = try file.tensor(name) }
        let expected = try file.tensor("image")
        guard let found = try program(inputs)["image"], found.shape == expected.shape else {
            throw ONNXError.unreadable(
                file: folder.appending(path: modelFile).relativePath,
                reason: "it makes no image of the shape of its example's")
        }
        difference = (found - expected).abs().max().item()
        limit = file.metadata[Self.limitKey].flatMap(Double.init) ?? 1e-4
    }
}
