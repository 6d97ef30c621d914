// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Distillation
import Training

/// All settings of `dmd distill`: those of the distillation, and what the command adds around it.
struct DistillRecipe: Recipe {
    /// The paper's settings.
    var distillation = DistillationRecipe()
    /// Pairs to make where none are given.
    var pairCount = 10_000
    /// Steps of the sampler that makes pairs and pictures of the teacher.
    var teacherSteps = 18
    /// The weight of classifier-free guidance in a text-to-image teacher, which has to be told: 3 and 8 in the paper.
    var guidance: Double?
    /// Height and width to which LPIPS enlarges images; null leaves them as they are. The paper takes 224.
    var lpipsResize: Int?

    /// Images to measure the distance from real ones with, whenever samples are drawn; null measures at the end alone.
    var distanceCount: Int?

    func validate() throws {
        try distillation.validate()
        try check("pairCount", pairCount, pairCount >= 1, "at least 1")
        try check("teacherSteps", teacherSteps, teacherSteps >= 1, "at least 1")
        if let guidance {
            try check(
                "guidance", guidance, guidance >= 1 && guidance.isFinite,
                "at least 1, which is without guidance")
        }
        if let distanceCount { try check("distanceCount", distanceCount, distanceCount >= 2, "at least 2") }
        if let lpipsResize { try check("lpipsResize", lpipsResize, lpipsResize >= 16, "at least 16") }
    }
}
