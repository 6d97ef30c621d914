// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import TestSupport
import Testing
import Torch
import Weights

/// Against torch-fidelity 0.4.0 and pytorch-fid 0.3.0 on the same vectors, see `metrics_parity.py`.
@Suite struct ScoreParityTests {
    private let file: SafetensorsFile
    private let expected: [String: Double]
    private let a = vectors("a", count: 400, size: 48)
    private let b = vectors("b", count: 300, size: 48, shift: 0.1)

    init() throws {
        file = try SafetensorsFile(fixture("metrics.safetensors"))
        expected = try JSONDecoder().decode(
            [String: Double].self, from: Data(file.metadata["scores", default: ""].utf8))
    }

    @Test func frechetDistance() {
        let distance = Evaluation.frechetDistance(statistics(a), statistics(b))
        #expect(isClose(distance, "fid.torch-fidelity", 1e-9))
        #expect(isClose(distance, "fid.pytorch-fid", 1e-9))
    }

    @Test func frechetDistanceOfFewVectors() {
        func few(_ x: Tensor) -> GaussianStatistics { statistics(x.narrowed(dim: 0, start: 0, count: 20)) }
        #expect(isClose(Evaluation.frechetDistance(few(a), few(b)), "fid.few", 1e-6))
    }

    @Test func kernelDistance() throws {
        let subsets = try (0..<10).map { subset in
            SubsetPair(
                first: try file.tensor("subset.\(subset).a").to(.int64),
                second: try file.tensor("subset.\(subset).b").to(.int64))
        }
        let distance = Evaluation.kernelDistance(a, b, subsets: subsets)
        #expect(isClose(distance.value, "kid.mean.float64", 1e-9))
        #expect(isClose(distance.spread, "kid.std.float64", 1e-9))
        #expect(isClose(distance.value, "kid.mean.float32", 1e-4))
        #expect(isClose(distance.spread, "kid.std.float32", 1e-4))
    }

    @Test func inceptionScore() {
        let logits = Tensor(uniform("logits", 403 * 20).map { Float(3 * $0) }, shape: [403, 20])
        let score = Evaluation.inceptionScore(logits: logits)
        #expect(isClose(score.value, "isc.mean", 1e-12))
        #expect(isClose(score.spread, "isc.std", 1e-10))
    }

    @Test(arguments: ["far", "near"]) func precisionAndRecall(name: String) {
        func part(_ x: Tensor) -> Manifold {
            Manifold(name == "near" ? x.narrowed(dim: 1, start: 0, count: 3) : x, neighbours: 3)
        }
        let (precision, recall) = Evaluation.precisionAndRecall(of: part(a), against: part(b))
        #expect(isClose(precision.value, "precision.\(name)", 1e-7))
        #expect(isClose(recall.value, "recall.\(name)", 1e-7))
    }

    private func isClose(_ found: Double?, _ name: String, _ tolerance: Double) -> Bool {
        guard let found, let expected = expected[name] else { return false }
        return abs(found - expected) <= tolerance * abs(expected)
    }
}
