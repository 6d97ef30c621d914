// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import OrderedCollections
import Torch
import Training

struct WalkSettings: Recipe {
    var steps = 12
    var rate = 0.5

    func validate() throws {}
}

/// A vector that takes a random step each time: work that is cheap, exact, and goes wrong when it is told to.
final class Walk: TrainingTask {
    struct Report: TrainingReport {
        let measured: [String: Tensor]
        let fault: TrainingFault?
    }

    let settings: WalkSettings
    let position = Tensor.zeros([4])
    var learningRateFactor = 1.0
    /// Whether the gradient of a step, by its index, is not finite at this factor.
    var isFaulty: (_ index: Int, _ factor: Double) -> Bool = { _, _ in false }
    /// What a step does besides.
    var onStep: (_ index: Int) throws -> Void = { _ in }
    var intervals = RunIntervals(log: 1, sample: 2, checkpoint: 2)

    init(_ settings: WalkSettings = WalkSettings()) {
        self.settings = settings
    }

    var stepCount: Int { settings.steps }
    var imagesPerStep: Int { 1 }
    var state: [String: OrderedDictionary<String, Tensor>] { ["walk": ["position": position]] }

    func step(_ index: Int) throws -> Report {
        try onStep(index)
        guard !isFaulty(index, learningRateFactor) else {
            return Report(
                measured: ["position": Tensor(.nan)],
                fault: TrainingFault(
                    step: index + 1, network: "walk", values: ["loss": .nan], noiseLevels: [0.5, 80], seed: 7,
                    streams: ["walk.step"]))
        }
        var stream = RandomStream(seed: 7, purpose: "walk.step", step: index)
        position.copy(from: position + stream.normal([4]) * (settings.rate * learningRateFactor))
        return Report(measured: ["position": position.sum()], fault: nil)
    }

    func scalars(of report: Report, done: Int) throws -> [String: Double] { report.scalars() }

    func load(_ checkpoint: Checkpoint) throws {
        if let saved = try checkpoint.tensors("walk")["position"] { position.copy(from: saved) }
    }
}

extension Walk {
    /// Runs it in a folder.
    func run(
        in folder: URL, _ change: (inout Run<Walk>) -> Void = { _ in }
    ) throws -> Run<Walk>.Outcome {
        var run = Run(self, settings: settings, in: RunFolder(folder))
        change(&run)
        return try run.run()
    }
}
