// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Export
import Files
public import Foundation

/// Looks whether a generator that ``ExportGenerator`` wrote is whole: the model of ONNX in a folder is run on the example beside it, and
/// files of weights that `contract.json` names are compared with their sums.
public struct VerifyExport: Job {
    /// The folder.
    public var folder: URL

    /// Where it computes.
    public var compute = ComputeSettings.cpu

    /// The exported generator in a folder.
    public init(_ folder: URL) { self.folder = folder }

    /// Whether it is a folder, and no card.
    public static func takes(_ url: URL) -> Bool { isFolder(url) }

    /// What was found.
    public struct Output: Sendable {
        /// It in one line.
        public let line: String
        /// Whether all is as it should be.
        public let isReproduced: Bool
    }

    /// Runs the example, or compares the sums.
    ///
    /// - Throws: `OneStepModelError` for a file that is not the one of the contract, `ONNXError` for a model that cannot be run.
    public func run(in context: JobContext) throws -> Output {
        guard OneStepContract.exists(in: folder) else { return try runExample() }
        let contract = try OneStepContract(of: folder)
        try contract.checkWeights(in: folder)
        return Output(
            line: "All \(contract.weights.count) files have the sums of contract.json.", isReproduced: true)
    }

    private func runExample() throws -> Output {
        guard ONNXExample.exists(in: folder) else {
            throw KitError(
                "\(folder.relativePath) is no exported generator, since it has neither contract.json nor example.safetensors: name a "
                    + "card, or a folder that dmd export wrote.")
        }
        let example = try ONNXExample(runIn: folder)
        func short(_ value: Double) -> String { String(format: "%.1e", value) }
        return Output(
            line:
                "The example is \(example.isReproduced ? "" : "not ")reproduced: the largest difference of its image is "
                + "\(short(example.difference)), and \(short(example.limit)) may be.",
            isReproduced: example.isReproduced)
    }
}
