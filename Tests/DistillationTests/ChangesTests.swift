// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Distillation
import OrderedCollections
import Testing
import Torch
import Training

@Suite("Settings that change on the way")
struct ChangesTests {
    private func weights(of distiller: Distiller<ToyDenoiser>) -> [Float] {
        distiller.generator.state.values.flatMap { $0.array(as: Float.self) }
    }

    @Test("a change is in force from its step on, and not before")
    func inForce() throws {
        let toy = Toy(.gaussian([0.4, -0.3], width: 0.2))
        let changing = try toy.distiller(
            Toy.recipe {
                $0.changes = ["batch=24 from 2", "lambda = 0.5 from 2", "learningRate=1e-9 from 4"]
            })
        let plain = try toy.distiller(Toy.recipe())
        for index in 0..<2 { for distiller in [changing, plain] { _ = distiller.step(index) } }
        #expect(weights(of: changing) == weights(of: plain))
        #expect(changing.step(2).images.shape[0] == 24 && plain.step(2).images.shape[0] == 32)
        #expect(changing.recipe.lambda == 0.5 && weights(of: changing) != weights(of: plain))
        // Whoever goes on at a later step has the same settings.
        let resumed = try toy.distiller(
            Toy.recipe { $0.changes = changing.recipe.changes + ["batch=24 from 2"] })
        #expect(resumed.step(7).images.shape[0] == 24)
    }

    @Test("the regression loss sees through the decoder that is in force")
    func decoder() throws {
        let toy = Toy(.gaussian([0.4, -0.3], width: 0.2))
        let recipe = Toy.recipe { ($0.decoder, $0.changes) = (.tiny, ["decoder=full from 1"]) }
        func distiller(_ tiny: Distance?) throws -> Distiller<ToyDenoiser> {
            try Distiller(
                recipe, teacher: toy.teacher, makeNetwork: { ToyDenoiser(toy.teacher.mixture) },
                pairs: toy.pairs, distance: Toy.distance, tinyDistance: tiny)
        }
        let first = try distiller { a, _ in (a * 0).sum(dims: [1, 2, 3]) + 7 }
        let losses = try (0..<2).map { try #require(first.step($0).regressionLoss).item() }
        #expect(abs(losses[0] - 7) < 1e-5 && losses[1] < 7)
        #expect(throws: DistillationError.noTinyDecoder) { try distiller(nil) }
    }

    @Test(
        "what cannot change is refused",
        arguments: [
            (
                "lambda=0.5",
                "The recipe's `changes` holds `lambda=0.5`, which is not of the form `lambda=0.5 from 5400`"
            ),
            (
                "lambda=0.5 from 0",
                "`changes` holds `lambda=0.5 from 0`, which is not of the form `lambda=0.5 from 5400`"
            ),
            ("seed=1 from 5", "`changes` cannot change `seed`, only batch,"),
            ("lambda=x from 5", "changes: `lambda` must be a number, found `x`"),
            ("batch=0 from 5", "`changes` make `batch` at step 5 what it cannot be: it"),
        ])
    func refusal(change: String, words: String) {
        let error = #expect(throws: RecipeError.self) { try Toy.recipe { $0.changes = [change] }.validate() }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "none")")
    }
}
