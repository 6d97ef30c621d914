// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Torch
import Training

/// One of the critic's turns in a step: its update on generated samples, in micro-batches.
struct CriticTurn<Teacher: Denoiser>: Sendable {
    let terms: [any CriticTerm]
    let recipe: DistillationRecipe
    let teacher: Teacher
    let generator: Teacher.Replica
    let conditions: (any ConditionSource)?
    let randomness: StepRandomness

    /// Samples of fresh noise, in micro-batches.
    func freshSamples() -> [Samples] {
        let ranges = parts(of: recipe.batch, count: recipe.microBatchCount(randomness.device))
        return withoutGradients {
            concurrently(ranges.count, threads: randomness.device.threads) { part in
                let (z, condition) = randomness.latents(ranges[part], conditions)
                return Samples(
                    tensor: Generator(generator)(z, given: condition), condition: condition,
                    indices: Array(ranges[part]))
            }
        }
    }

    /// Updates the critic.
    ///
    /// - Returns: beside what was measured, the noise, sigma, of each part.
    func run(
        _ critic: TrainedNetwork<Teacher.Replica>, on samples: [Samples], learningRate: Double
    ) -> UpdateReport<Tensor> {
        let network = critic.network
        let total = samples.reduce(0) { $0 + $1.indices.count }
        return critic.update(
            microBatches: samples.count, learningRate: learningRate, clipNorm: recipe.clipNorm
        ) { part in
            let input = input(of: network, samples[part])
            var sum = TermSum()
            for term in terms { sum.add(term(input), term.name, weight: term.weight, of: total) }
            return MicroBatch(loss: sum.loss, scalars: sum.scalars, result: input.level.sigma)
        }
    }

    /// What the terms make of samples with some network in the critic's place; waits for the device.
    func loss(of network: some Denoiser, on samples: [Samples]) -> Double {
        withoutGradients {
            let losses = concurrently(samples.count, threads: randomness.device.threads) { part in
                let input = input(of: network, samples[part])
                return Tensor.concatenated(terms.map { $0(input).loss * $0.weight })
            }
            return Tensor.concatenated(losses).mean().item()
        }
    }

    private func input(of network: some Denoiser, _ samples: Samples) -> CriticInput {
        let noise = randomness.noiseSample(samples.indices, levels: 0..<teacher.schedule.count)
        let level = noise.level(of: teacher.schedule)
        let noised = level.noising(samples.tensor, noise: noise.noise)
        return CriticInput(
            samples: samples.tensor, condition: samples.condition, level: level,
            prediction: Prediction(x0: network(noised, at: level, given: samples.condition)),
            weight: teacher.lossWeight(at: level))
    }
}
