// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Distillation
public import Training

/// All settings of the job ``Distill``: those of the distillation, and what the job adds around it.
public struct DistillRecipe: Recipe {
    /// The paper's settings.
    public var distillation = DistillationRecipe()
    /// Pairs to make where none are given.
    public var pairCount = 10_000
    /// Steps of the sampler that makes pairs and pictures of the teacher.
    public var teacherSteps = 18
    /// The weight of classifier-free guidance in a text-to-image teacher, which must be given: 3 and 8 in the paper.
    public var guidance: Double?
    /// Height and width to which LPIPS enlarges images; null leaves them as they are. The paper takes 224.
    public var lpipsResize: Int?

    /// Images to measure the distance from real ones with, whenever a sample sheet is made; null measures at the end alone.
    public var distanceCount: Int?
    /// Sample sheets in a row without a smaller distance after which the run goes back to its best weights, and on with half the learning rate;
    /// the next time it ends there. Null goes on to the last step.
    public var patience: Int?

    /// The defaults.
    public init() {}

    /// - Throws: `RecipeError` for values out of range.
    public func validate() throws {
        try distillation.validate()
        try check("pairCount", count: pairCount)
        try check("teacherSteps", count: teacherSteps)
        if let guidance {
            try check(
                "guidance", guidance, guidance >= 1 && guidance.isFinite,
                "at least 1, which is without guidance")
        }
        if let distanceCount { try check("distanceCount", count: distanceCount, least: 2) }
        if let patience {
            try check("patience", count: patience)
            try check("patience", patience, distanceCount != nil, "null where there is no distanceCount")
        }
        if let lpipsResize {
            try check("lpipsResize", lpipsResize, (16...16_384).contains(lpipsResize), "16 to 16384")
        }
    }
}
