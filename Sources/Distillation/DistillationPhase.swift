// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Training

/// Settings that are in force from a step on.
struct DistillationPhase {
    let start: Int
    let recipe: DistillationRecipe
    /// The images of distribution matching in all steps before.
    let imagesBefore: Int

    /// The images before a step of this phase.
    func images(before step: Int) -> Int { imagesBefore + (step - start) * recipe.batch }
}

extension DistillationRecipe {
    private static let changeable = [
        "batch", "pairBatch", "microBatch", "matchingWeight", "lambda", "decoder", "weighting",
        "minimumLevel", "maximumLevel", "criticSteps", "learningRate", "clipNorm",
    ]

    /// What ``changes`` make of the settings, in the order of their steps, the first from step 0 on.
    ///
    /// - Throws: ``RecipeError`` for a change that cannot be read, or that makes settings which cannot be.
    func phases() throws -> [DistillationPhase] {
        var settings = self
        settings.changes = []
        var phases = [DistillationPhase(start: 0, recipe: settings, imagesBefore: 0)]
        for change in try changes.map(Self.parse).sorted(by: { $0.step < $1.step }) {
            let last = phases[phases.count - 1]
            if last.start == change.step { phases.removeLast() }
            phases.append(
                DistillationPhase(
                    start: change.step, recipe: try last.recipe.changed(by: change.setting),
                    imagesBefore: last.images(before: change.step)))
        }
        // Settings may change together, so that only what all changes at a step make is judged.
        for phase in phases.dropFirst() {
            do {
                try phase.recipe.validate()
            } catch let RecipeError.invalid(key, reason) {
                throw RecipeError.invalid(
                    key: "changes",
                    reason: "make `\(key)` at step \(phase.start) what it cannot be: it \(reason)")
            }
        }
        return phases
    }

    private func changed(by setting: String) throws -> DistillationRecipe {
        do {
            return try overlaid([setting])
        } catch let RecipeError.mismatch(_, key, expected, found) {
            throw RecipeError.mismatch(place: "changes", key: key, expected: expected, found: found)
        }
    }

    private static func parse(_ change: String) throws -> (setting: String, step: Int) {
        guard let match = change.wholeMatch(of: /\s*(\w+)\s*=\s*(.*?)\s+from\s+(\d{1,12})\s*/),
            let step = Int(match.3), step >= 1
        else {
            throw RecipeError.invalid(
                key: "changes", reason: "holds `\(change)`, which is not of the form `lambda=0.5 from 5400`")
        }
        guard changeable.contains(String(match.1)) else {
            throw RecipeError.invalid(
                key: "changes",
                reason: "cannot change `\(match.1)`, only \(changeable.joined(separator: ", "))")
        }
        return ("\(match.1)=\(match.2)", step)
    }
}
