// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Distillation
import Foundation
import TestSupport
import Testing
import Training

@Suite("A distillation's recipe")
struct RecipeTests {
    @Test("has the paper's settings for CIFAR-10 as defaults")
    func defaults() throws {
        let recipe = try DistillationRecipe.resolved()
        #expect(recipe.batch == 392 && recipe.regression.batch == 392)
        #expect(recipe.steps == 300_000)
        #expect(recipe.learningRate == 5e-5 && recipe.weightDecay == 0.01 && recipe.warmUpSteps == 500)
        #expect(recipe.regression.weight == 0.25 && recipe.critic.steps == 1 && recipe.clipNorm == 10)
        let matching = recipe.distributionMatching
        #expect(matching.weight == 1 && matching.weighting == .normalized && matching.alphaFactor == .kept)
        #expect(recipe.scoreLevels.minimum == 0.02 && recipe.scoreLevels.maximum == 0.98)
        #expect(!recipe.regression.joinBatch && recipe.regression.decoder == .full && recipe.changes.isEmpty)
    }

    @Test("survives being written and read")
    func roundTrip() throws {
        let recipe = try DistillationRecipe.resolved(overrides: [
            "distributionMatching.weighting=sigmaCubedOverAlpha", "distributionMatching.alphaFactor=omitted",
            "microBatch=56", "critic.steps=5", "regression={joinBatch: true, decoder: tiny}",
            "changes=[{from: 5400, regression: {weight: 0.5}}, {from: 80000, batch: 1280, microBatch: 4}]",
        ])
        #expect(recipe.distributionMatching.weighting == .sigmaCubedOverAlpha && recipe.microBatch == 56)
        #expect(recipe.regression.joinBatch && recipe.regression.decoder == .tiny)
        #expect(
            recipe.changes == [
                RecipeChange(from: 5_400, "regression.weight=0.5"),
                RecipeChange(from: 80_000, "batch=1280", "microBatch=4"),
            ])
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "recipe.yaml")
            try Data(recipe.yaml().utf8).write(to: file)
            #expect(try DistillationRecipe.resolved(from: file) == recipe)
        }
        #expect(
            try DistillationRecipe.resolved(overrides: ["emaHalfLifeImages=7e3"]).emaHalfLifeImages == [7_000]
        )
        #expect(try recipe.yaml().contains("    weighting: sigmaCubedOverAlpha\n"))
    }

    @Test(
        "refuses settings that cannot be",
        arguments: [
            ("batch=0", "batch"), ("critic.steps=0", "critic.steps"), ("learningRate=0", "learningRate"),
            ("regression.weight=-1", "regression.weight"),
            ("distributionMatching.weight=-1", "distributionMatching.weight"),
            ("regression.weight=.nan", "regression.weight"),
            ("beta2=1", "beta2"),
            ("microBatch=0", "microBatch"), ("coolDownSteps=-1", "coolDownSteps"),
            ("scoreLevels.maximum=0.01", "scoreLevels.maximum"), ("levels=[5, 5]", "levels"),
            ("adversarial.weight=-1", "adversarial.weight"), ("critic.learningRate=0", "critic.learningRate"),
            ("critic.levels.deviation=0", "critic.levels.deviation"),
            ("scoreLevels.minimum=1", "scoreLevels.minimum"),
            ("regression.batch=0", "regression.batch"),
            ("emaHalfLifeImages=[]", "emaHalfLifeImages"), ("emaHalfLifeImages=[5, 5]", "emaHalfLifeImages"),
            ("emaHalfLifeImages=[5, 0]", "emaHalfLifeImages"),
            ("emaHalfLifeImages=.inf", "emaHalfLifeImages"),
        ])
    func refusals(override: String, key: String) {
        let error = #expect(throws: RecipeError.self) {
            try DistillationRecipe.resolved(overrides: [override])
        }
        guard case .invalid(let found, _) = error else {
            Issue.record("\(override) gave \(String(describing: error))")
            return
        }
        #expect(found == key)
    }

    @Test("leaves the settings of pairs alone that there are none of")
    func noPairs() throws {
        let recipe = try DistillationRecipe.resolved(overrides: ["regression={weight: 0, batch: 0}"])
        #expect(recipe.regression.weight == 0)
    }

    @Test("wants pairs that can be dealt out to the parts of a batch")
    func parts() {
        #expect(throws: RecipeError.self) {
            try DistillationRecipe.resolved(overrides: ["batch=64", "microBatch=16", "regression.batch=3"])
        }
        #expect(throws: Never.self) {
            try DistillationRecipe.resolved(overrides: ["batch=64", "microBatch=16", "regression.batch=4"])
        }
    }
}
