// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Foundation
import Torch
import Training
import Weights

/// A teacher for when no weights are given: it has learned images with a bright bar in one of 8 columns.
func makeTeacher() throws -> BarDenoiser {
    let trained = TrainedNetwork("teacher", BarDenoiser())
    for step in 0..<1_500 {
        var stream = RandomStream(seed: 0, purpose: "training", step: step)
        let columns = stream.integers(below: 8, shape: [256]).oneHot(classCount: 8).to(.float32)
        let x = (columns * 2 - 1).reshaped([256, 1, 1, 8]).expanded(to: [256, 1, 8, 8])
        let schedule = trained.network.schedule
        let level = schedule.level(at: stream.integers(below: schedule.count, shape: [256]))
        let noised = level.noising(x, noise: stream.normal(x.shape))
        _ = try trained.update(microBatches: 1, learningRate: 2e-3, clipNorm: 10) {
            [network = trained.network] _ in
            let loss = denoisingLoss(
                prediction: network(noised, at: level, given: nil), x: x,
                weight: network.lossWeight(at: level)
            ).mean()
            return MicroBatch(loss: loss, scalars: ["loss": loss.detached()], result: ())
        }
    }
    return trained.network
}

/// How far images are apart, one number each: any function that gradient flows through.
func distance(_ generated: Tensor, _ target: Tensor) -> Tensor {
    (generated - target).square().mean(dims: [1, 2, 3])
}

// For so small a network more would be slower.
LibTorch.threads = 1
LibTorch.operatorThreads = 1
let folder = FileManager.default.temporaryDirectory.appending(path: "custom-teacher-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)

// 1. Load the weights: a safetensors file with a tensor for each that the network's members name.
let given = CommandLine.arguments.dropFirst().first
let weights = given.map { URL(filePath: $0) } ?? folder.appending(path: "teacher.safetensors")
if given == nil { try SafetensorsFile.write(makeTeacher().state, to: weights) }
let teacher = BarDenoiser()
try teacher.load(SafetensorsFile(weights).all())

// 2. Make pairs: noise, and the image that the teacher makes of it in 18 steps.
let description = PairDescription(
    count: 4_096, seed: 0, sampleShape: teacher.sampleShape, classCount: teacher.classCount,
    teacher: fingerprint(of: teacher.state), sampler: "heun, 18 steps")
var writer = try PairWriter(folder, description)
try writer.write(batch: 1_024, sampler: { z, _ in heun(teacher, noise: z, steps: 18) })
let pairs = try PairSet(folder)

// 3. Distil. What is not set here is as in the paper, whose networks and runs are much larger.
var recipe = DistillationRecipe()
recipe.steps = 80
recipe.batch = 256
recipe.regression.batch = 256
recipe.regression.weight = 1
recipe.learningRate = 3e-3
recipe.warmUpSteps = 10
let distiller = try Distiller(recipe, teacher: teacher, pairs: pairs, distance: distance)
for index in 0..<recipe.steps { _ = try distiller.step(index) }
let generator = distiller.averagedGenerator()

// 4. Compare on noise that is in no pair.
let z = description.noise(at: description.count..<description.count + 512)
let images = heun(teacher, noise: z, steps: 18)
let before = distance(Generator(teacher)(z), images).mean().item()
let after = distance(generator(z), images).mean().item()
print("Mean squared distance from the teacher's images in 35 evaluations, for the same noise:")
print(String(format: "  %.4f  the teacher's in one evaluation", before))
print(String(format: "  %.4f  the generator's in one evaluation", after))

try FileManager.default.removeItem(at: folder)
precondition(after < before, "the generator has not come closer to the teacher")
