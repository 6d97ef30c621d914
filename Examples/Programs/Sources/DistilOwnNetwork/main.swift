// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import DMDKit
import Distillation
import Torch

var settings = DistillRecipe()
settings.distillation.steps = 100
settings.distillation.warmUpSteps = 10
settings.distillation.learningRate = 3e-3
settings.pairCount = 2_000
var job = Distill(PixelTeacher(try BarDenoiser.trained()), settings: settings, run: .init("runs/bars"))
job.distance = { ($0 - $1).square().mean(dims: [1, 2, 3]) }  // LPIPS is for larger images.
print("The generator is in", try await job.result().generators[0].relativePath)
