// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Torch
import Training

/// Generated samples of a part of a batch.
struct Samples: Sendable {
    let tensor: Tensor
    let condition: Condition?
    /// Where in the batch they stand, those of pairs after the others.
    let indices: [Int]

    /// The same as constants.
    var detached: Samples { Samples(tensor: tensor.detached(), condition: condition, indices: indices) }
}

/// The generator's turn in a step: its update on the sum of its terms, in micro-batches.
struct GeneratorTurn<Teacher: Denoiser>: Sendable {
    let terms: [any GeneratorTerm]
    /// What the terms read.
    let inputs: TermInputs
    let recipe: DistillationRecipe
    let teacher: Teacher
    let critic: Teacher.Replica
    let pairs: PairSet.Batch?
    let conditions: (any ConditionSource)?
    let randomness: StepRandomness

    /// What is kept of a micro-batch.
    struct Result: Sendable {
        let samples: Samples
        /// The noise, sigma, that the samples were judged at; nil where no term reads scores.
        let sigma: Tensor?
    }

    /// Updates the generator.
    func run(_ generator: TrainedNetwork<Teacher.Replica>, learningRate: Double) -> UpdateReport<Result> {
        let network = generator.network
        let ranges = parts(of: recipe.batch, count: recipe.microBatchCount(randomness.device))
        let pairRanges = pairs.map { parts(of: $0.count, count: ranges.count) }
        return generator.update(
            microBatches: ranges.count, learningRate: learningRate, clipNorm: recipe.clipNorm
        ) { part in
            let (samples, pairs) = samples(network, ranges[part], pairRanges?[part])
            let scores = inputs.contains(.scores) ? scores(samples) : nil
            return loss(
                GeneratorOutput(
                    samples: samples.tensor, condition: samples.condition, scores: scores, pairs: pairs),
                Result(samples: samples.detached, sigma: scores?.level.sigma))
        }
    }

    /// The sum of the terms for a part of a batch.
    private func loss(_ output: GeneratorOutput, _ result: Result) -> MicroBatch<Result> {
        var sum = TermSum()
        for term in terms {
            sum.add(
                term(output), term.name, weight: term.weight,
                of: term.inputs.contains(.pairs) ? recipe.regression.batch : recipe.judgedImages)
        }
        return MicroBatch(loss: sum.loss, scalars: sum.scalars, result: result)
    }

    /// One pass through the generator serves all terms: on fresh noise, and on that of the pairs, whose samples are judged
    /// with the others where the recipe says so.
    private func samples(
        _ network: Teacher.Replica, _ range: Range<Int>, _ pairRange: Range<Int>?
    ) -> (samples: Samples, pairs: GeneratorOutput.Pairs?) {
        let fresh = randomness.latents(range, conditions)
        guard let pairs = pairRange.flatMap({ pairs?[$0] }), let pairRange else {
            let made = Generator(network)(fresh.z, given: fresh.condition)
            return (Samples(tensor: made, condition: fresh.condition, indices: Array(range)), nil)
        }
        let conditions = [fresh.condition, pairs.condition].compactMap(\.self)
        let condition = conditions.isEmpty ? nil : Condition.concatenated(conditions)
        let both = Generator(network)(.concatenated([fresh.z, pairs.z]), given: condition)
        let made = both.split(sizes: [range.count, pairRange.count])
        let samples =
            recipe.regression.joinBatch
            ? Samples(
                tensor: both, condition: condition,
                indices: Array(range) + pairRange.map { recipe.batch + $0 })
            : Samples(tensor: made[0], condition: fresh.condition, indices: Array(range))
        return (samples, GeneratorOutput.Pairs(generated: made[1], target: pairs.images))
    }

    /// Teacher and critic at the noised samples.
    private func scores(_ samples: Samples) -> GeneratorOutput.Scores {
        let noise = randomness.noiseSample(samples.indices, levels: recipe.levels(of: teacher.schedule.count))
        let level = noise.level(of: teacher.schedule)
        func evaluated() -> GeneratorOutput.Scores {
            let noised = level.noising(samples.tensor, noise: noise.noise)
            return GeneratorOutput.Scores(
                level: level, noised: noised,
                teacher: predicted(by: teacher, noised, level, samples.condition, inputs),
                critic: predicted(by: critic, noised, level, samples.condition, inputs))
        }
        return inputs.contains(.scoreGradients) ? evaluated() : withoutGradients(evaluated)
    }
}

/// A prediction, with features where they are read.
private func predicted(
    by network: some Denoiser, _ x: Tensor, _ level: NoiseLevel, _ condition: Condition?, _ inputs: TermInputs
) -> Prediction {
    guard inputs.contains(.features), let network = network as? any FeatureDenoiser else {
        return Prediction(x0: network(x, at: level, given: condition))
    }
    return network.predictAndFeatures(x, at: level, given: condition)
}

/// The first `count` numbers in parts whose sizes differ by one at most, one after another.
func parts(of count: Int, count parts: Int) -> [Range<Int>] {
    let (size, rest) = count.quotientAndRemainder(dividingBy: parts)
    return (0..<parts).map { part in
        let start = part * size + min(part, rest)
        return start..<start + size + (part < rest ? 1 : 0)
    }
}
