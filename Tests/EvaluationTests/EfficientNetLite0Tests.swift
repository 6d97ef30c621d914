// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite(.serialized) struct EfficientNetLite0Tests {
    private let file = weights.deletingLastPathComponent().appending(path: "efficientnet-lite0.pth")
    private let expected: SafetensorsFile

    init() throws { expected = try SafetensorsFile(fixture("efficientnet.safetensors")) }

    /// `floor(100 a + 127)` of the waves `a`, the first rows and columns.
    private func levels(height: Int, width: Int) -> Tensor {
        let waves = waves(size: max(height, width)).narrowed(dim: 2, start: 0, count: height)
            .narrowed(dim: 3, start: 0, count: width)
        let values = (waves * 100 + 127).array(as: Double.self).map { UInt8($0.rounded(.down)) }
        return Tensor(values, shape: [1, 3, height, width])
    }

    @Test(
        "features are those of the package that the weights are for, whatever the size",
        arguments: [
            ("same", 224, 224), ("small", 28, 28), ("wide", 30, 57), ("large", 300, 260),
        ])
    func parity(name: String, height: Int, width: Int) throws {
        let network = try EfficientNetLite0(weights: file)
        let found = network.features(ofLevels: levels(height: height, width: width))
        #expect(relativeDifference(found.features, try expected.tensor("\(name).features")) < 2e-5)
        #expect(found.logits == nil && network.classCount == nil)
    }

    @Test func itsClassifierTellsWhatItTells() throws {
        let features = try EfficientNetLite0(weights: file, dtype: .float64)
            .features(ofLevels: waves(size: 224) * 128 + 127).features
        let weights = try readForeignWeights(at: file).tensors
        let logits = features.linear(
            weight: try #require(weights["_fc.weight"]), bias: weights["_fc.bias"])
        #expect(relativeDifference(logits, try expected.tensor("waves.logits")) < 1e-5)
    }

    @Test func grayIsItsThreeChannels() throws {
        let network = try EfficientNetLite0(weights: file)
        #expect(
            network.kind.description == "efficientnet-lite0/pool (1280 features, resize bilinear-224)")
        let gray = levels(height: 40, width: 28).narrowed(dim: 1, start: 0, count: 1).repeated([11, 1, 1, 1])
        let features = network.features(ofLevels: gray).features
        #expect(features.shape == [11, 1280])
        let repeated = network.features(ofLevels: gray.repeated([1, 3, 1, 1])).features
        #expect(relativeDifference(features, repeated) < 1e-5)
    }

    @Test func otherWeightsAreRefused() throws {
        let error = #expect(throws: EvaluationError.self) { try EfficientNetLite0(weights: weights) }
        #expect(
            error
                == .foreignWeights(
                    file: weights.path, of: .efficientNetLite0, tensor: "_conv_stem.weight",
                    expected: [32, 3, 3, 3], found: nil))
        let missing = #expect(throws: EvaluationError.self) {
            try EfficientNetLite0(weights: URL(filePath: "/nowhere/a.pth"))
        }
        #expect(
            missing?.description
                == "The weights of EfficientNet-Lite0 are not at /nowhere/a.pth: delete the file if it is there and run "
                + "scripts/setup to fetch it.")
        try withTemporaryFile { copy in
            var tensors = try readForeignWeights(at: file).tensors
            tensors["_se.weight"] = .zeros([1])
            try SafetensorsFile.write(tensors, to: copy)
            let error = #expect(throws: EvaluationError.self) { try EfficientNetLite0(weights: copy) }
            #expect(error == .surplusWeights(file: copy.path, of: .efficientNetLite0, tensor: "_se.weight"))
        }
    }
}
