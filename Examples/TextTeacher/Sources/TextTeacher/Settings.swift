// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Training

/// All settings; `--set teacher.steps=500` changes one.
struct Settings: Recipe {
    var autoencoder = StageSettings(steps: 1_500, batch: 32, learningRate: 2e-3)
    var teacher = StageSettings(steps: 2_400, batch: 64, learningRate: 1e-3)

    func validate() throws {
        try autoencoder.validate()
        try teacher.validate()
    }
}

/// How a network is trained.
struct StageSettings: Recipe {
    /// Names every random draw.
    var seed: UInt64 = 0
    /// Updates of the weights.
    var steps = 1_000
    /// Images of each.
    var batch = 64
    /// AdamW's learning rate between a warm-up over 100 steps and a fall to 0 over the last half.
    var learningRate = 1e-3
    /// The half-life of the weights' moving average, in images.
    var emaHalfLifeImages = 16_000.0
    /// Steps between two lines of the log.
    var logEvery = 50
    /// Steps between two pictures, and between two checkpoints.
    var sampleEvery = 500

    init() {}

    init(steps: Int, batch: Int, learningRate: Double) {
        self.steps = steps
        self.batch = batch
        self.learningRate = learningRate
    }

    func validate() throws {
        for (key, value) in [
            ("steps", steps), ("batch", batch), ("logEvery", logEvery), ("sampleEvery", sampleEvery),
        ] where value < 1 {
            throw RecipeError.invalid(key: key, reason: "is \(value), and must be at least 1")
        }
        guard learningRate > 0, emaHalfLifeImages > 0 else {
            throw RecipeError.invalid(
                key: "learningRate", reason: "must be above 0, as emaHalfLifeImages must")
        }
    }
}
