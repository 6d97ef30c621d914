// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Distillation
import Testing
import Training

@Suite("A distillation's recipe")
struct RecipeTests {
    @Test("has the paper's settings for CIFAR-10 as defaults")
    func defaults() throws {
        let recipe = try DistillationRecipe.resolved()
        #expect(recipe.batch == 392 && recipe.pairBatch == 392)
        #expect(recipe.steps == 300_000)
        #expect(recipe.learningRate == 5e-5 && recipe.weightDecay == 0.01 && recipe.warmUpSteps == 500)
        #expect(recipe.lambda == 0.25 && recipe.criticSteps == 1 && recipe.clipNorm == 10)
        #expect(recipe.weighting == .normalized && recipe.alphaFactor == .kept)
        #expect(recipe.minimumLevel == 0.02 && recipe.maximumLevel == 0.98)
    }

    @Test("survives being written and read")
    func roundTrip() throws {
        let recipe = try DistillationRecipe.resolved(overrides: [
            "weighting=sigmaCubedOverAlpha", "alphaFactor=omitted", "microBatch=56", "criticSteps=5",
        ])
        #expect(recipe.weighting == .sigmaCubedOverAlpha && recipe.microBatch == 56)
        #expect(
            try DistillationRecipe.resolved(overrides: ["emaHalfLifeImages=7e3"]).emaHalfLifeImages == [7_000]
        )
        #expect(try recipe.yaml().contains("weighting: sigmaCubedOverAlpha"))
    }

    @Test(
        "refuses settings that cannot be",
        arguments: [
            ("batch=0", "batch"), ("criticSteps=0", "criticSteps"), ("learningRate=0", "learningRate"),
            ("lambda=-1", "lambda"), ("matchingWeight=-1", "matchingWeight"), ("lambda=.nan", "lambda"),
            ("beta2=1", "beta2"),
            ("microBatch=0", "microBatch"), ("coolDownSteps=-1", "coolDownSteps"),
            ("maximumLevel=0.01", "maximumLevel"), ("lambda=0", "pairBatch"), ("pairBatch=0", "pairBatch"),
            ("emaHalfLifeImages=[]", "emaHalfLifeImages"), ("emaHalfLifeImages=[5, 5]", "emaHalfLifeImages"),
            ("emaHalfLifeImages=[5, 0]", "emaHalfLifeImages"),
            ("emaHalfLifeImages=.inf", "emaHalfLifeImages"),
        ])
    func refusals(override: String, key: String) {
        let error = #expect(throws: RecipeError.self) {
            try DistillationRecipe.resolved(overrides: [override])
        }
        guard case .invalid(key, _) = error else {
            Issue.record("\(override) gave \(String(describing: error))")
            return
        }
    }

    @Test("wants one of the two losses")
    func noLoss() {
        #expect(throws: RecipeError.self) {
            try DistillationRecipe.resolved(overrides: ["matchingWeight=0", "lambda=0", "pairBatch=0"])
        }
    }

    @Test("wants pairs that can be dealt out to the parts of a batch")
    func parts() {
        #expect(throws: RecipeError.self) {
            try DistillationRecipe.resolved(overrides: ["batch=64", "microBatch=16", "pairBatch=3"])
        }
        #expect(throws: Never.self) {
            try DistillationRecipe.resolved(overrides: ["batch=64", "microBatch=16", "pairBatch=4"])
        }
    }
}
