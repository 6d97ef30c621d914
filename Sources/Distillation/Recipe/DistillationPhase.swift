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
    /// Networks, averages and intervals stay as they are.
    private static let changeable = [
        "batch", "microBatch", "learningRate", "clipNorm", "scoreLevels", "distributionMatching",
        "scoreIdentity", "adversarial", "regression", "critic",
    ]

    /// What ``changes`` make of the settings, in the order of their steps, the first from step 0 on.
    ///
    /// - Throws: ``RecipeError`` for a change that makes settings which cannot be.
    func phases() throws -> [DistillationPhase] {
        var settings = self
        settings.changes = []
        var phases = [DistillationPhase(start: 0, recipe: settings, imagesBefore: 0)]
        for change in changes.sorted(by: { $0.from < $1.from }) {
            if let key = change.keys.first(where: { !Self.changeable.contains($0) }) {
                throw RecipeError.invalid(
                    key: "changes",
                    reason: "cannot change `\(key)`, only \(Self.changeable.joined(separator: ", "))")
            }
            let last = phases[phases.count - 1]
            let changed = try last.recipe.changed(by: change)
            guard changed.adversarial.hasHeads(of: adversarial) else {
                throw RecipeError.invalid(
                    key: "changes",
                    reason: "cannot change `adversarial.trunk`, `features` and `head`, which a run keeps")
            }
            if last.start == change.from { phases.removeLast() }
            phases.append(
                DistillationPhase(
                    start: change.from, recipe: changed, imagesBefore: last.images(before: change.from)))
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
}

extension AdversarialSettings {
    /// Whether both make the same discriminator.
    fileprivate func hasHeads(of other: Self) -> Bool {
        trunk == other.trunk && features == other.features && head == other.head && width == other.width
    }
}
