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

/// Pairs of a part of a batch.
struct PairPart: Sendable {
    let pairs: PairSet.Batch
    /// Where they stand among those of the step.
    let places: Range<Int>
}

/// The generator's turn in a step: its update on the sum of its terms, in micro-batches.
struct GeneratorTurn<Teacher: Denoiser>: Sendable {
    let method: Method
    let recipe: DistillationRecipe
    let teacher: Teacher
    let critic: Teacher.Replica
    let discriminator: Discriminator?
    let microBatches: MicroBatches
    /// The pairs of each of this process's micro-batches; nil where no term reads any.
    let pairs: [PairPart]?
    let conditions: (any ConditionSource)?
    let randomness: StepRandomness

    /// What is kept of a micro-batch.
    struct Result: Sendable {
        let samples: Samples
        /// The noise, sigma, that the samples were judged at; nil where no term reads scores.
        let sigma: Tensor?
        /// The discriminator's logits there, and where in the schedule that is; nil where no term reads them.
        let logits: (logits: Tensor, positions: Tensor)?
    }

    /// Updates the generator.
    func run(_ generator: TrainedNetwork<Teacher.Replica>, learningRate: Double) throws -> UpdateReport<
        Result
    > {
        let network = generator.network
        return try generator.update(
            microBatches: microBatches.count, learningRate: learningRate, clipNorm: recipe.clipNorm
        ) { part in
            let (samples, pairs) = samples(
                network, microBatches.ranges[part], pairs?[part - microBatches.share.lowerBound])
            let output = judged(samples, pairs, method.inputs)
            let scores = output.scores
            return loss(
                output,
                Result(
                    samples: samples.detached, sigma: scores?.level.sigma,
                    logits: scores.flatMap { scores in
                        scores.logits.map { ($0.detached(), scores.positions) }
                    }))
        }
    }

    /// The norm of what each term's gradient, times its weight, is at an image: by how much terms pull, whatever network they pull at.
    /// A few samples are enough; waits for the device.
    ///
    /// - Parameters:
    ///   - range: the places of the samples in the batch.
    ///   - pairs: pairs beside them, if terms read any.
    /// - Returns: the means over images, by the names of the terms.
    func gradientNorms(_ network: Teacher.Replica, of range: Range<Int>, _ pairs: PairPart?) -> [String:
        Double]
    {
        let (made, pairs) = withoutGradients { samples(network, range, pairs) }
        return Dictionary(
            uniqueKeysWithValues: method.generatorTerms.map { term in
                func leaf(_ tensor: Tensor) -> Tensor {
                    let leaf = tensor.detached().cloned()
                    leaf.setRequiresGrad(true)
                    return leaf
                }
                let x = Samples(
                    tensor: leaf(made.tensor), condition: made.condition, indices: made.indices)
                let pairs = pairs.map {
                    GeneratorOutput.Pairs(generated: leaf($0.generated), target: $0.target)
                }
                let loss = term(judged(x, pairs, term.inputs)).loss.sum() * term.weight
                let inputs = [x.tensor] + (pairs.map { [$0.generated] } ?? [])
                let norms = gradients(of: loss, with: inputs).map {
                    $0.flattened(from: 1).square().sum(dims: [1]).sqrt().mean().item()
                }
                return (term.name, norms.reduce(0, +))
            })
    }

    /// The number of samples, in all processes, that are judged.
    var judgedCount: Int {
        guard pairs != nil else { return recipe.batch }
        guard method.readsFreshSamples else { return recipe.regression.batch }
        return recipe.batch + (recipe.regression.joinBatch ? recipe.regression.batch : 0)
    }

    /// The sum of the terms for a part of a batch.
    private func loss(_ output: GeneratorOutput, _ result: Result) -> MicroBatch<Result> {
        var sum = TermSum()
        for term in method.generatorTerms {
            sum.add(
                term(output), term.name, weight: term.weight,
                of: term.inputs.contains(.pairs) ? recipe.regression.batch : judgedCount)
        }
        return MicroBatch(loss: sum.loss, scalars: sum.scalars, result: result)
    }

    /// One evaluation of the generator serves all terms: on fresh noise, in one of its steps, and in the first step on the noise of the
    /// pairs, whose samples are judged with the others where the recipe says so. Where no term reads samples of fresh noise, there are
    /// none.
    private func samples(
        _ network: Teacher.Replica, _ range: Range<Int>, _ part: PairPart?
    ) -> (samples: Samples, pairs: GeneratorOutput.Pairs?) {
        let generator = Generator(network, levels: recipe.generatorLevels)
        let places = part.map { part in part.places.map { recipe.batch + $0 } } ?? []
        if let pairs = part?.pairs, !method.readsFreshSamples {
            let made = network(
                generator.input(ofStep: 0, pairs.z), at: generator.level(ofStep: 0, of: pairs.z),
                given: pairs.condition)
            return (
                Samples(tensor: made, condition: pairs.condition, indices: places),
                GeneratorOutput.Pairs(generated: made, target: pairs.images)
            )
        }
        let step = randomness.generatorStep(of: generator.levels.count)
        let fresh = randomness.latents(range, conditions)
        let input = withoutGradients {
            generator.input(ofStep: step, fresh.z, given: fresh.condition) {
                randomness.fresh(Array(range), step: $0)
            }
        }
        let level = generator.level(ofStep: step, of: fresh.z)
        guard let pairs = part?.pairs else {
            let made = network(input, at: level, given: fresh.condition)
            return (Samples(tensor: made, condition: fresh.condition, indices: Array(range)), nil)
        }
        let conditions = [fresh.condition, pairs.condition].compactMap(\.self)
        let condition = conditions.isEmpty ? nil : Condition.concatenated(conditions)
        let both = network(
            .concatenated([input, generator.input(ofStep: 0, pairs.z)]),
            at: .concatenated([level, generator.level(ofStep: 0, of: pairs.z)]), given: condition)
        let made = both.split(sizes: [range.count, places.count])
        let samples =
            recipe.regression.joinBatch
            ? Samples(tensor: both, condition: condition, indices: Array(range) + places)
            : Samples(tensor: made[0], condition: fresh.condition, indices: Array(range))
        return (samples, GeneratorOutput.Pairs(generated: made[1], target: pairs.images))
    }

    /// What terms read of samples.
    private func judged(
        _ samples: Samples, _ pairs: GeneratorOutput.Pairs?, _ inputs: TermInputs
    ) -> GeneratorOutput {
        GeneratorOutput(
            samples: samples.tensor, condition: samples.condition,
            scores: inputs.contains(.scores) ? scores(samples, inputs) : nil, pairs: pairs,
            logits: inputs.contains(.logits) ? logits(samples) : nil)
    }

    /// Teacher and critic at the noised samples.
    private func scores(_ samples: Samples, _ inputs: TermInputs) -> GeneratorOutput.Scores {
        let noise = randomness.noiseSample(samples.indices, recipe.scoreLevels, of: teacher.schedule)
        func evaluated() -> GeneratorOutput.Scores {
            let noised = noise.noised(samples.tensor)
            func predicted(by network: some Denoiser, showing features: Bool) -> Prediction {
                guard features || inputs.contains(.features), let network = network as? any FeatureDenoiser
                else { return Prediction(x0: network(noised, at: noise.level, given: samples.condition)) }
                return network.predictAndFeatures(noised, at: noise.level, given: samples.condition)
            }
            let readsLogits = inputs.contains(.scoreLogits)
            let isTeachers = recipe.adversarial.trunk == .teacher
            let teacher = predicted(by: teacher, showing: readsLogits && isTeachers)
            let critic = predicted(by: critic, showing: readsLogits && !isTeachers)
            return GeneratorOutput.Scores(
                level: noise.level, noised: noised, teacher: teacher, critic: critic,
                positions: noise.positions,
                logits: readsLogits
                    ? discriminator?.logits(of: (isTeachers ? teacher : critic).features) : nil)
        }
        return inputs.contains(.scoreGradients) ? evaluated() : withoutGradients(evaluated)
    }

    /// The discriminator at samples noised for it.
    private func logits(_ samples: Samples) -> Tensor? {
        let noise = randomness.noiseSample(
            samples.indices, recipe.adversarial.levels, of: teacher.schedule, for: "adversarial")
        return discriminator?(noise.noised(samples.tensor), at: noise.level, given: samples.condition)
    }
}
