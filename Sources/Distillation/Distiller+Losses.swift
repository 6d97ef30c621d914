// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
public import Torch

/// What the generator was judged by on a part of a batch; nothing here carries a graph.
struct Judged {
    let images: Conditioned
    let distributionMatchingLoss: Tensor
    let regressionLoss: Tensor?
    let gradientNorm: Tensor
}

extension Distiller {
    /// The pairs of a step; nil where there is no regression loss.
    func pairBatch(step: Int) -> PairSet.Batch? {
        pairs?.batch(recipe.pairBatch, step: step, seed: recipe.seed, device: device)
    }

    /// Adds up the generator's gradient over the parts of a batch.
    func accumulateGeneratorGradient(
        latents: Conditioned, pairs: PairSet.Batch?, _ draws: inout Draws
    ) -> [Judged] {
        let joined = recipe.pairsJoinBatch ? recipe.pairBatch : 0
        let perturbation = draws.perturbation(
            recipe.batch + joined, steps: recipe.levels(of: teacher.schedule.count))
        let latents = latents.parts(recipe.parts)
        let perturbations = perturbation.parts(recipe.parts)
        let pairs = pairs?.parts(recipe.parts)
        return latents.indices.map { part in
            judge(latents: latents[part], pairs: pairs?[part], perturbations[part])
        }
    }

    /// `L_G = L_KL + lambda L_reg` on a part of a batch, and its gradient. One pass through the generator serves both
    /// losses.
    private func judge(latents: Conditioned, pairs: PairSet.Batch?, _ perturbation: Perturbation) -> Judged {
        let input = Conditioned.concatenated([latents] + (pairs.map { [$0.latents] } ?? []))
        let output = Conditioned(
            tensor: generator.generate(from: input.tensor, condition: input.condition),
            condition: input.condition)
        let (unpaired, paired) = output.split(at: latents.tensor.shape[0])

        let x = recipe.pairsJoinBatch ? output : unpaired
        let gradient = distributionMatchingGradient(x, perturbation)
        let matching = distributionMatchingLoss(x: x.tensor, gradient: gradient)
        var loss = matching
        var regression: Tensor?
        if let pairs, let distance {
            let value = regressionLoss(generated: paired.tensor, target: pairs.images, distance: distance)
            loss = loss + value * recipe.lambda
            regression = value
        }
        (loss * (1 / Double(recipe.parts))).backward()
        return Judged(
            images: Conditioned(tensor: x.tensor.detached(), condition: x.condition),
            distributionMatchingLoss: matching.detached(), regressionLoss: regression?.detached(),
            gradientNorm: gradient.flattened(from: 1).square().sum(dims: [1]).sqrt().mean())
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
        withoutGradients {
            latents.parts(recipe.parts).map {
                Conditioned(
                    tensor: generator.generate(from: $0.tensor, condition: $0.condition),
                    condition: $0.condition)
            }
        }
    }

    /// Algorithm 3: adds up the critic's gradient over the parts of a batch, and returns its loss.
    func accumulateCriticGradient(_ images: [Conditioned], _ draws: inout Draws) -> Tensor {
        let count = images.reduce(0) { $0 + $1.tensor.shape[0] }
        let perturbations = draws.perturbation(count, steps: 0..<teacher.schedule.count).parts(images.count)
        let losses = zip(images, perturbations).map { images, perturbation in
            let loss = denoisingLoss(of: critic, images, perturbation)
            (loss * (1 / Double(recipe.parts))).backward()
            return loss.detached()
        }
        return mean(losses)
    }

    /// How well a denoiser denoises generated images, in the critic's measure.
    func denoisingLoss(of network: Network, _ x: Conditioned, _ perturbation: Perturbation) -> Tensor {
        let level = teacher.schedule.level(at: perturbation.steps)
        let noised = level.noising(x.tensor, noise: perturbation.noise)
        return criticLoss(
            prediction: network(noised, at: level, condition: x.condition), x: x.tensor, level: level,
            sigmaData: teacher.schedule is KarrasSchedule ? recipe.sigmaData : nil)
    }

    /// The critic's lag: its loss on fresh images of the generator as it is now, and the teacher's on the same images
    /// with the same noise. A critic that knows the generator's images denoises them better than the teacher does.
    ///
    /// The draws are of their own, so that measuring does not change a run.
    ///
    /// - Parameter index: the number of the step after which to measure.
    public func criticLag(after index: Int) -> (critic: Tensor, teacher: Tensor) {
        withoutGradients {
            var draws = Draws("health", seed: recipe.seed, step: index, for: teacher, device: device)
            let images = freshImages(draws.latents(recipe.batch))
            let perturbations = draws.perturbation(recipe.batch, steps: 0..<teacher.schedule.count)
                .parts(images.count)
            func loss(of network: Network) -> Tensor {
                mean(zip(images, perturbations).map { denoisingLoss(of: network, $0, $1) })
            }
            return (loss(of: critic), loss(of: teacher))
        }
    }
}

extension PairSet.Batch {
    /// The generator's input.
    var latents: Conditioned { Conditioned(tensor: z, condition: condition) }

    /// Equal parts, one after another.
    func parts(_ count: Int) -> [PairSet.Batch] {
        zip(latents.parts(count), images.chunked(count)).map {
            PairSet.Batch(z: $0.tensor, condition: $0.condition, images: $1)
        }
    }
}
