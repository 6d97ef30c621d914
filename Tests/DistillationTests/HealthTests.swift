// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Distillation
import Testing
import Torch
import Training

@Suite("A run's health")
struct HealthTests {
    private func images(_ values: [Float]) -> ImageStatistics {
        ImageStatistics(of: Tensor(values, shape: [values.count, 1, 1, 1]))
    }

    @Test("comes with statistics of images")
    func statistics() {
        let gray = images([-1, 1, 0.5, 0.5])
        #expect(gray.mean == 0.25 && gray.brightness == 0.625)
        #expect(abs(gray.standardDeviation - 0.75) < 1e-6)
        let red = ImageStatistics(of: Tensor([Float(1), -1, -1], shape: [1, 3, 1, 1]))
        #expect(abs(red.brightness - 0.2126) < 1e-6)
    }

    @Test("is sane, or else named")
    func judgements() {
        let pairs = images([-0.8, 0.8])
        func judge(_ values: [Float], lag: Double = 0.9, isWarm: Bool = true) -> Health {
            Health(isWarm: isWarm, lag: lag, images: images(values), pairs: pairs)
        }
        #expect(judge([-0.7, 0.7]) == .sane(lag: 0.9))
        #expect(judge([0, 0], isWarm: false) == .early)
        #expect(judge([-0.7, 0.7], lag: 1.3) == .criticLags(lag: 1.3))
        guard case .contrastLost = judge([0.1, -0.1]) else { return #expect(Bool(false), "contrast is lost") }
        guard case .contrastExaggerated = judge([-2, 2]) else {
            return #expect(Bool(false), "contrast is too high")
        }
        guard case .brightnessDrifts = judge([-0.2, 1]) else {
            return #expect(Bool(false), "brightness drifts")
        }
        #expect(!judge([0.1, -0.1]).isSane && judge([-0.7, 0.7]).isSane)
    }

    @Test("does without pairs")
    func withoutPairs() {
        #expect(Health(isWarm: true, lag: 0.5, images: images([3, 3]), pairs: nil).isSane)
    }

    @Test("names settings that there are")
    func remedies() throws {
        for (health, keys) in [
            (Health.criticLags(lag: 1.3), ["critic.steps", "learningRate"]),
            (.brightnessDrifts(images: 0.1, pairs: 0.5), ["critic.steps", "learningRate"]),
            (.contrastLost(ratio: 0.1), ["regression.weight", "learningRate"]),
            (.contrastExaggerated(ratio: 2), ["critic.steps", "learningRate"]),
        ] {
            for key in keys {
                #expect(health.description.contains(key), "\(health)")
                #expect(throws: Never.self) { try DistillationRecipe.resolved(overrides: ["\(key)=1"]) }
            }
        }
    }
}
