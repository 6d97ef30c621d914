// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

/// Against torch-fidelity 0.4.0 and pytorch-fid 0.3.0 on random weights and images, see `metrics_parity.py`.
@Suite(.serialized) struct NetworkParityTests {
    @Test func inceptionAgreesWithThePythonPackages() throws {
        try withTemporaryFile { file in
            try SafetensorsFile.write(inceptionWeights(), to: file)
            let expected = try SafetensorsFile(fixture("metrics.safetensors"))
            for (package, input) in [
                ("fidelity", InceptionV3.Input.tensorFlow), ("pytorch-fid", .pyTorchFID),
            ] {
                for dtype in [DType.float32, .float64] {
                    let network = try InceptionV3(weights: file, input: input, dtype: dtype)
                    for (size, height, width) in [("square", 32, 32), ("large", 40, 310)] {
                        let found = network.features(
                            ofLevels: levels(size, count: 4, height: height, width: width))
                        let prefix = "\(package).\(size).\(dtype)"
                        let features = try expected.tensor("\(prefix).features")
                        let difference = largestDifference(everyOther(found.features), features)
                        #expect(difference < 1e-5, "\(prefix)")
                        guard package == "fidelity" else { continue }
                        let logits = try #require(found.logits)
                        let other = try expected.tensor("\(prefix).logits")
                        #expect(largestDifference(everyOther(logits), other) < 1e-5, "\(prefix)")
                    }
                }
            }
        }
    }

    private func everyOther(_ features: Tensor) -> Tensor {
        features.indexed(by: Tensor(Array(stride(from: 0, to: features.shape[1], by: 2))), dim: 1)
    }

    private func largestDifference(_ a: Tensor, _ b: Tensor) -> Double { (a - b).abs().max().item() }
}
