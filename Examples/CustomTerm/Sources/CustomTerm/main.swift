// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Foundation
import Models
import Torch
import Training

/// A small teacher, which has learned images with a bright bar in one of 8 columns.
func makeTeacher() throws -> EDMDenoiser {
    var network = UNetConfiguration()
    (network.imgResolution, network.imgChannels, network.labelDim) = (8, 1, 0)
    (network.modelChannels, network.channelMult, network.numBlocks) = (8, [1, 2], 1)
    network.attnResolutions = []
    let trained = TrainedNetwork("teacher", network.makeDenoiser(seed: 0))
    for step in 0..<300 {
        var stream = RandomStream(seed: 0, purpose: "training", step: step)
        let columns = stream.integers(below: 8, shape: [64]).oneHot(classCount: 8).to(.float32)
        let x = (columns * 2 - 1).reshaped([64, 1, 1, 8]).expanded(to: [64, 1, 8, 8])
        let draws = EDMDraws(logSigma: stream.normal([64]), noise: stream.normal(x.shape))
        _ = try trained.update(microBatches: 1, learningRate: 3e-3, clipNorm: 1) {
            [network = trained.network] _ in
            let loss = edmLoss(network, x: x, given: nil, draws: draws).mean()
            return MicroBatch(loss: loss, scalars: ["loss": loss.detached()], result: ())
        }
    }
    return trained.network
}

/// Distils with the terms of DMD, here without pairs, and with further ones.
func distil(_ teacher: EDMDenoiser, adding terms: [any GeneratorTerm] = []) throws -> Generator<EDMDenoiser> {
    var recipe = DistillationRecipe()
    recipe.steps = 100
    recipe.batch = 32
    recipe.regression.weight = 0
    recipe.learningRate = 1e-3
    recipe.warmUpSteps = 10
    let distiller = try Distiller(recipe, teacher: teacher, terms: terms)
    for index in 0..<recipe.steps { _ = try distiller.step(index) }
    return distiller.averagedGenerator()
}

// For so small a network more would be slower.
LibTorch.threads = 1
LibTorch.operatorThreads = 1
let teacher = try makeTeacher()
let z = sampleNoise(Array(0..<256), seed: 1, shape: teacher.sampleShape)
let plain = try TotalVariation.of(distil(teacher)(z)).mean().item()
let smooth = try TotalVariation.of(distil(teacher, adding: [TotalVariation(weight: 0.1)])(z)).mean().item()
print(String(format: "Total variation of the images: %.3f without the term, %.3f with it", plain, smooth))
precondition(smooth < plain, "the term made the images no smoother")
