// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Torch
import Training

/// One of the critic's turns in a step: its update on generated samples, in micro-batches, and that of the discriminator's heads.
struct CriticTurn<Teacher: Denoiser>: Sendable {
    let method: Method
    let recipe: DistillationRecipe
    let teacher: Teacher
    let generator: Teacher.Replica
    let discriminator: Discriminator?
    let microBatches: MicroBatches
    let conditions: (any ConditionSource)?
    let randomness: StepRandomness

    /// Samples of fresh noise, for each of this process's micro-batches.
    func freshSamples() -> [Samples] {
        let ranges = microBatches.ranges[microBatches.share].map(\.self)
        let generator = Generator(generator, levels: recipe.generatorLevels)
        let step = randomness.generatorStep(of: generator.levels.count)
        return withoutGradients {
            concurrently(ranges.count, threads: microBatches.threads(on: randomness.device)) { part in
                let (z, condition) = randomness.latents(ranges[part], conditions)
                let indices = Array(ranges[part])
                let input = generator.input(ofStep: step, z, given: condition) {
                    randomness.fresh(indices, step: $0)
                }
                return Samples(
                    tensor: generator.network(
                        input, at: generator.level(ofStep: step, of: z), given: condition),
                    condition: condition, indices: indices)
            }
        }
    }

    /// Updates the critic and the heads.
    ///
    /// - Parameters:
    ///   - samples: those of this process's micro-batches.
    ///   - total: the number of samples in all processes.
    ///   - real: as many real samples as there are generated ones in each micro-batch; needed where a term reads logits.
    /// - Returns: beside what was measured, the noise, sigma, of each part.
    func run(
        _ critic: TrainedNetwork<Teacher.Replica>, on samples: [Samples], of total: Int, real: [RealBatch]?,
        learningRate: Double, headLearningRate: Double
    ) throws -> UpdateReport<Tensor?> {
        let network = critic.network
        let inputs = method.criticInputs
        return try critic.update(
            microBatches: microBatches.count, learningRate: learningRate,
            companionLearningRate: headLearningRate,
            clipNorm: recipe.clipNorm
        ) { number in
            let part = number - microBatches.share.lowerBound
            let samples = samples[part]
            let input = CriticInput(
                samples: samples.tensor, condition: samples.condition,
                denoised: inputs.contains(.denoised) ? denoised(samples, by: network) : nil,
                logits: inputs.contains(.logits)
                    ? real.flatMap { logits(samples, $0[part], inputs) } : nil)
            var sum = TermSum()
            for term in method.criticTerms {
                sum.add(term(input), term.name, weight: term.weight, of: total)
            }
            return MicroBatch(loss: sum.loss, scalars: sum.scalars, result: input.denoised?.level.sigma)
        }
    }

    /// The sum of the denoising losses of samples with some network in the critic's place, for each micro-batch, `[N]`.
    func denoisingLosses(of network: some Denoiser, on samples: [Samples]) -> Tensor {
        withoutGradients {
            let threads = microBatches.threads(on: randomness.device)
            let losses = concurrently(samples.count, threads: threads) { part in
                let samples = samples[part]
                return Denoising()(
                    CriticInput(
                        samples: samples.tensor, condition: samples.condition,
                        denoised: denoised(samples, by: network))
                ).loss.sum()
            }
            return .stacked(losses)
        }
    }

    private func denoised(_ samples: Samples, by network: some Denoiser) -> CriticInput.Denoised {
        let noise = randomness.noiseSample(samples.indices, recipe.critic.levels, of: teacher.schedule)
        return CriticInput.Denoised(
            level: noise.level,
            prediction: Prediction(
                x0: network(noise.noised(samples.tensor), at: noise.level, given: samples.condition)),
            weight: teacher.lossWeight(at: noise.level))
    }

    /// Generated and real samples go through the discriminator in one batch.
    private func logits(
        _ fake: Samples, _ real: RealBatch, _ inputs: CriticInputs
    ) -> CriticInput.Logits? {
        let settings = recipe.adversarial
        func noise(_ name: String) -> NoiseSample {
            randomness.noiseSample(fake.indices, settings.levels, of: teacher.schedule, for: name)
        }
        let fakeNoise = noise("adversarial")
        let realNoise = settings.sharesNoise ? fakeNoise : noise("real")
        var samples = [(fakeNoise, fake.tensor, fake.condition), (realNoise, real.samples, real.condition)]
        if inputs.contains(.perturbedLogits) {
            let moved = real.samples + 0.1 * randomness.perturbation(fake.indices)
            samples.append((realNoise, moved, real.condition))
        }
        let conditions = samples.compactMap(\.2)
        let logits = discriminator?(
            .concatenated(samples.map { $0.0.noised($0.1) }), at: .concatenated(samples.map(\.0.level)),
            given: conditions.isEmpty ? nil : .concatenated(conditions)
        ).chunked(samples.count)
        return logits.map {
            CriticInput.Logits(fake: $0[0], real: $0[1], perturbed: $0.count > 2 ? $0[2] : nil)
        }
    }
}
