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

    private func judge(
        _ values: [Float], real: [Float]? = [-0.8, 0.8], isWarm: Bool = true, _ more: [String: Double] = [:]
    ) -> Health? {
        func scalars(_ name: String, _ values: [Float]) -> [String: Double] {
            let images = images(values)
            return [
                "\(name)/mean": images.mean, "\(name)/std": images.standardDeviation,
                "\(name)/brightness": images.brightness,
            ]
        }
        return Health(
            isWarm: isWarm,
            scalars: scalars("images", values).merging(real.map { scalars("real", $0) } ?? [:]) { $1 }
                .merging(more) { $1 })
    }

    @Test("is sane, or else named")
    func judgements() {
        #expect(judge([-0.7, 0.7], ["critic/lag": 0.9]) == .sane(lag: 0.9))
        #expect(judge([-0.7, 0.7]) == .sane(lag: nil))
        #expect(judge([0, 0], isWarm: false) == .early)
        #expect(judge([-0.7, 0.7], ["critic/lag": 1.3]) == .criticLags(lag: 1.3))
        guard case .contrastLost = judge([0.1, -0.1]) else { return #expect(Bool(false), "contrast is lost") }
        guard case .contrastExaggerated = judge([-2, 2]) else {
            return #expect(Bool(false), "contrast is too high")
        }
        guard case .brightnessDrifts = judge([-0.2, 1]) else {
            return #expect(Bool(false), "brightness drifts")
        }
        #expect(judge([0.1, -0.1])?.isSane == false && judge([-0.7, 0.7])?.isSane == true)
        #expect(Health(isWarm: true, scalars: ["loss/denoising": 1]) == nil)
    }

    @Test("tells a discriminator that wins, and one that guesses")
    func discriminator() {
        func judged(_ loss: Double, _ real: Double, _ fake: Double) -> Health? {
            judge(
                [-0.7, 0.7], ["loss/discriminator": loss, "logit/real": real, "logit/fake": fake])
        }
        #expect(judged(1.2, 0.3, -0.4) == .sane(lag: nil))
        #expect(judged(0.001, 6, -3) == .discriminatorWins(gap: 9))
        #expect(judged(1.3863, 0.001, -0.001) == .discriminatorBlind(loss: 1.3863))
        #expect(judged(1.3, 0.1, -0.1) == .sane(lag: nil))
    }

    @Test("tells terms that drown others")
    func balance() {
        func judged(_ norms: [String: Double]) -> Health? {
            judge([-0.7, 0.7], Dictionary(uniqueKeysWithValues: norms.map { ("gradient/\($0)", $1) }))
        }
        #expect(judged(["adversarial": 1, "regression": 20]) == .sane(lag: nil))
        #expect(
            judged(["adversarial": 1, "regression": 50, "distribution_matching": 2])
                == .termsOutOfBalance(strong: "regression", weak: "adversarial", ratio: 50))
        #expect(judged(["adversarial": 1]) == .sane(lag: nil))
        // At the first step teacher and critic are the same, and nothing pulls.
        #expect(judged(["distribution_matching": 0, "regression": 1]) == .sane(lag: nil))
    }

    @Test("does without true images")
    func withoutPairs() {
        #expect(judge([3, 3], real: nil, ["critic/lag": 0.5])?.isSane == true)
    }

    @Test("tells where recall falls far below its best")
    func variety() {
        var variety = Variety()
        #expect(variety.health(of: ["distance/recall": 0.3]) == nil)
        #expect(variety.health(of: ["distance/frechet": 9]) == nil)
        #expect(variety.health(of: ["distance/recall": 0.5]) == nil)
        #expect(variety.health(of: ["distance/recall": 0.36]) == nil)
        let lost = variety.health(of: ["distance/recall": 0.34])
        #expect(lost == .varietyLost(recall: 0.34, best: 0.5) && lost?.isSane == false)
    }

    @Test("names settings that there are")
    func remedies() throws {
        for (health, keys) in [
            (Health.criticLags(lag: 1.3), ["critic.steps", "learningRate"]),
            (.brightnessDrifts(images: 0.1, real: 0.5), ["critic.steps", "learningRate"]),
            (.contrastLost(ratio: 0.1), ["regression.weight", "learningRate"]),
            (.contrastExaggerated(ratio: 2), ["critic.steps", "learningRate"]),
            (.discriminatorWins(gap: 9), ["adversarial.learningRate", "adversarial.r1Weight"]),
            (.discriminatorBlind(loss: 1.386), ["adversarial.learningRate"]),
            (.varietyLost(recall: 0.1, best: 0.5), ["regression.weight"]),
        ] {
            for key in keys {
                #expect(health.description.contains(key), "\(health)")
                #expect(throws: Never.self) { try DistillationRecipe.resolved(overrides: ["\(key)=1"]) }
            }
        }
    }
}
