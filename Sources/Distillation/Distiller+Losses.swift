// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import OrderedCollections
public import Torch

/// What the generator was judged by on a part of a batch; nothing here carries a graph. Losses and norm are the part's
/// share in the mean over the batch, so that those of all parts add up to it.
struct Judged {
    let images: Conditioned
    let distributionMatchingLoss: Tensor
    let regressionLoss: Tensor?
    let gradientNorm: Tensor
}

extension Distiller {
    /// The number of parts of a batch that go through the networks by themselves: as many as `microBatch` makes, else on
    /// the CPU one a thread, and all of it on other devices.
    var parts: Int {
        if let microBatch = recipe.microBatch { return recipe.parts(microBatch) }
        return min(device.threads, recipe.batch, pairs == nil ? recipe.batch : recipe.pairBatch)
    }

    /// The pairs of a step; nil where there is no regression loss.
    func pairBatch(step: Int) -> PairSet.Batch? {
        pairs?.batch(recipe.pairBatch, step: step, seed: recipe.seed, device: device)
    }

    /// Adds up the generator's gradient over the parts of a batch.
    func accumulateGeneratorGradient(
        latents: Conditioned, pairs: PairSet.Batch?, _ draws: inout Draws
    ) -> [Judged] {
        let perturbation = draws.perturbation(
            recipe.judgedImages, steps: recipe.levels(of: teacher.schedule.count))
        let count = parts
        let latents = latents.parts(count)
        let pairs = pairs?.parts(count)
        let joining = recipe.pairsJoinBatch ? pairs : nil
        let sizes = latents.indices.map { latents[$0].count + (joining?[$0].latents.count ?? 0) }
        let perturbations = perturbation.split(sizes: sizes)
        return accumulateGradients(of: generator.parameters.values, over: count) { part in
            judge(latents: latents[part], pairs: pairs?[part], perturbations[part])
        }
    }

    /// The share of a part of a batch in `L_G = matchingWeight L_KL + lambda L_reg`. One pass through the generator serves both losses.
    private func judge(latents: Conditioned, pairs: PairSet.Batch?, _ perturbation: Perturbation) -> (
        loss: Tensor, result: Judged
    ) {
        let input = Conditioned.concatenated([latents] + (pairs.map { [$0.latents] } ?? []))
        let output = Conditioned(
            tensor: generator.generate(from: input.tensor, condition: input.condition),
            condition: input.condition)
        let (unpaired, paired) = output.split(at: latents.count)

        let x = recipe.pairsJoinBatch ? output : unpaired
        let gradient = distributionMatchingGradient(x, perturbation)
        let share = Double(x.count) / Double(recipe.judgedImages)
        let matching = distributionMatchingLoss(x: x.tensor, gradient: gradient) * share
        var loss = matching * recipe.matchingWeight
        var regression: Tensor?
        if let pairs, let distance = recipe.decoder == .tiny ? tinyDistance : distance {
            let share = Double(paired.count) / Double(recipe.pairBatch)
            let value =
                regressionLoss(generated: paired.tensor, target: pairs.images, distance: distance) * share
            loss = loss + value * recipe.lambda
            regression = value
        }
        let judged = Judged(
            images: Conditioned(tensor: x.tensor.detached(), condition: x.condition),
            distributionMatchingLoss: matching.detached(), regressionLoss: regression?.detached(),
            gradientNorm: gradient.flattened(from: 1).square().sum(dims: [1]).sqrt().mean() * share)
        return (loss, judged)
    }

    /// Algorithm 2 on images: noises them, and compares what teacher and critic make of them.
    private func distributionMatchingGradient(_ x: Conditioned, _ perturbation: Perturbation) -> Tensor {
        withoutGradients {
            let level = teacher.schedule.level(at: perturbation.steps)
            let noised = level.noising(x.tensor, noise: perturbation.noise)
            return Distillation.distributionMatchingGradient(
                x: x.tensor, teacherX0: teacher(noised, at: level, condition: x.condition),
                criticX0: critic(noised, at: level, condition: x.condition), level: level,
                weighting: recipe.weighting, alphaFactor: recipe.alphaFactor)
        }
    }

    /// Images for a further update of the critic, in parts.
    func freshImages(_ latents: Conditioned) -> [Conditioned] {
        let latents = latents.parts(parts)
        return withoutGradients {
            concurrently(latents.count, threads: device.threads) { part in
                let (z, condition) = (latents[part].tensor, latents[part].condition)
                return Conditioned(
                    tensor: generator.generate(from: z, condition: condition), condition: condition)
            }
        }
    }

    /// Algorithm 3: adds up the critic's gradient over the parts of a batch, and returns its loss.
    func accumulateCriticGradient(_ images: [Conditioned], _ draws: inout Draws) -> Tensor {
        let perturbations = perturbations(for: images, &draws)
        return total(
            accumulateGradients(of: critic.parameters.values, over: images.count) { part in
                let loss = denoisingLoss(of: critic, images, perturbations, part: part)
                return (loss, loss.detached())
            })
    }

    /// Noise over all levels for the parts of a batch.
    private func perturbations(for images: [Conditioned], _ draws: inout Draws) -> [Perturbation] {
        let sizes = images.map(\.count)
        return draws.perturbation(sizes.reduce(0, +), steps: 0..<teacher.schedule.count).split(sizes: sizes)
    }

    /// How well a denoiser denoises generated images, in the critic's measure: the share of a part of a batch.
    private func denoisingLoss(
        of network: Network, _ images: [Conditioned], _ perturbations: [Perturbation], part: Int
    ) -> Tensor {
        let (x, perturbation) = (images[part], perturbations[part])
        let share = Double(x.count) / Double(images.reduce(0) { $0 + $1.count })
        let level = teacher.schedule.level(at: perturbation.steps)
        let noised = level.noising(x.tensor, noise: perturbation.noise)
        return criticLoss(
            prediction: network(noised, at: level, condition: x.condition), x: x.tensor,
            weight: teacher.lossWeight(at: level)) * share
    }

    /// The critic's lag: its loss on fresh images of the generator as it is now, and the teacher's on the same images
    /// with the same noise. A critic that knows the generator's images denoises them better than the teacher does.
    ///
    /// The draws are of their own, so that measuring does not change a run.
    ///
    /// - Parameter index: the number of the step after which to measure.
    public func criticLag(after index: Int) -> (critic: Tensor, teacher: Tensor) {
        withoutGradients {
            var draws = draws("health", step: index)
            let images = freshImages(draws.latents(recipe.batch))
            let perturbations = perturbations(for: images, &draws)
            func loss(of network: Network) -> Tensor {
                total(
                    concurrently(images.count, threads: device.threads) {
                        denoisingLoss(of: network, images, perturbations, part: $0)
                    })
            }
            return (loss(of: critic), loss(of: teacher))
        }
    }
}

extension PairSet.Batch {
    /// The generator's input.
    var latents: Conditioned { Conditioned(tensor: z, condition: condition) }

    /// Parts whose sizes differ by one at most, one after another.
    func parts(_ count: Int) -> [PairSet.Batch] {
        zip(latents.parts(count), images.chunked(count)).map {
            PairSet.Batch(z: $0.tensor, condition: $0.condition, images: $1)
        }
    }
}
