// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Torch
import Training

extension Distiller {
    /// What is not finite among the losses and the gradient's norm of an update that is about to be made; nil if all is.
    ///
    /// - Parameters:
    ///   - values: scalars by the tags of the log; those that are nil do not count.
    ///   - turn: which of the critic's updates in the step; nil for the generator's.
    ///   - step: the index of the step.
    func fault(_ values: [String: Tensor?], ofCriticTurn turn: Int?, step: Int) -> TrainingFault? {
        let values = values.compactMapValues(\.self)
        // One scalar to wait for; what is not finite stays so in a sum.
        guard !total(Array(values.values)).item().isFinite else { return nil }
        let regresses = turn == nil && pairs != nil
        return TrainingFault(
            step: step + 1, network: turn == nil ? "generator" : "critic",
            values: values.mapValues { $0.item() },
            noiseLevels: noiseLevels(step: step, criticTurn: turn), seed: recipe.seed,
            streams: ["z", "label", "t", "noise"].map { "distill.\($0)" }
                + (regresses ? ["distill.pair"] : []))
    }

    /// The standard deviations of the noise in a step's update, drawn anew.
    private func noiseLevels(step: Int, criticTurn: Int?) -> [Double] {
        var draws = draws("distill", step: step)
        let count = teacher.schedule.count
        var steps = draws.perturbation(recipe.judgedImages, steps: recipe.levels(of: count)).steps
        for turn in 0..<(criticTurn ?? -1) + 1 {
            steps = draws.perturbation(turn == 0 ? recipe.judgedImages : recipe.batch, steps: 0..<count).steps
        }
        return teacher.schedule.level(at: steps).sigma.array(as: Double.self)
    }
}
