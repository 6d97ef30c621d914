// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import OrderedCollections
import Testing
import Torch
import Training

@Suite("Settings that change on the way")
struct ChangesTests {
    private func weights(of distiller: Distiller<ToyDenoiser>) -> [Float] {
        distiller.generator.network.state.values.flatMap { $0.array(as: Float.self) }
    }

    @Test("a change is in force from its step on, and not before")
    func inForce() throws {
        let toy = Toy(.gaussian([0.4, -0.3], width: 0.2))
        let changing = try toy.distiller(
            Toy.recipe {
                $0.changes = [
                    RecipeChange(from: 4, "learningRate=1e-9"),
                    RecipeChange(from: 2, "batch=24", "regression.weight=0.5"),
                ]
            })
        let plain = try toy.distiller(Toy.recipe())
        for index in 0..<2 { for distiller in [changing, plain] { _ = try distiller.step(index) } }
        #expect(weights(of: changing) == weights(of: plain))
        #expect(try changing.step(2).images.shape[0] == 24)
        #expect(try plain.step(2).images.shape[0] == 32)
        #expect(changing.recipe.regression.weight == 0.5 && weights(of: changing) != weights(of: plain))
        #expect(changing.recipe.batch == 24 && changing.recipe.learningRate == 1e-3)
        _ = try changing.step(4)
        #expect(changing.recipe.learningRate == 1e-9 && changing.recipe.batch == 24)
        // Whoever goes on at a later step has the same settings.
        let resumed = try toy.distiller(
            Toy.recipe { $0.changes = [RecipeChange(from: 2, "batch=24")] })
        #expect(try resumed.step(7).images.shape[0] == 24)
    }

    @Test("the regression loss sees through the decoder that is in force")
    func decoder() throws {
        let toy = Toy(.gaussian([0.4, -0.3], width: 0.2))
        let recipe = Toy.recipe {
            $0.regression.decoder = .tiny
            $0.changes = [RecipeChange(from: 1, "regression.decoder=full")]
        }
        func distiller(_ tiny: Distance?) throws -> Distiller<ToyDenoiser> {
            try Distiller(
                recipe, teacher: toy.teacher, pairs: toy.pairs, distance: { Toy.distance($0, $1) },
                tinyDistance: tiny)
        }
        let first = try distiller { a, _ in (a * 0).sum(dims: [1, 2, 3]) + 7 }
        let losses = try (0..<2).map { try first.step($0).value("loss/regression") }
        #expect(abs(losses[0] - 7) < 1e-5 && losses[1] < 7)
        #expect(throws: DistillationError.noTinyDecoder) { try distiller(nil) }
    }

    @Test("a term may begin and end on the way")
    func terms() throws {
        let toy = Toy(.gaussian([0.4, -0.3], width: 0.2))
        let recipe = Toy.recipe {
            $0.changes = [
                RecipeChange(from: 1, "regression.weight=0"), RecipeChange(from: 2, "regression.weight=0.5"),
            ]
        }
        let distiller = try toy.distiller(recipe)
        let found = try (0..<3).map { try distiller.step($0).measured["loss/regression"] != nil }
        #expect(found == [true, false, true])
    }

    @Test(
        "what cannot change is refused",
        arguments: [
            ("seed=1", "`changes` cannot change `seed`, only batch, microBatch,"),
            ("critics.steps=1", "`changes` cannot change `critics`, only batch, microBatch,"),
            ("critic.stebs=1", "the recipe has no key `critic.stebs`; did you mean `critic.steps`?"),
            ("regression.weight=x", "`regression.weight` must be a number, found `x`"),
            ("batch=0", "`changes` make `batch` at step 5 what it cannot be: it is 0 and must be at least 1"),
            ("regression.batch=0", "`changes` make `regression.batch` at step 5 what it cannot be"),
        ])
    func refusal(setting: String, words: String) {
        let error = #expect(throws: RecipeError.self) {
            try Toy.recipe { $0.changes = [RecipeChange(from: 5, setting)] }.validate()
        }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "none")")
    }

    @Test("what is no change is refused with the place where it stands")
    func noChange() {
        for item in ["regression.weight=0.5 from 5400", "{from: 0, batch: 3}"] {
            let error = #expect(throws: RecipeError.self) {
                try DistillationRecipe.resolved(overrides: ["changes=[\(item)]"])
            }
            let found = error?.description ?? "none"
            #expect(
                found.hasPrefix(
                    "settings: `changes` must be a list of mappings, each with `from`, a step above 0, and settings"
                ),
                "\(found)")
        }
    }
}
