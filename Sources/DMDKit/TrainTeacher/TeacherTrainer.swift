// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
public import Models
public import OrderedCollections
public import Torch
public import Training

/// EDM's training, one optimizer step after another: everything but the run around it.
public final class TeacherTrainer: TrainingTask {
    /// What a step measured: `loss/denoising` and `norm/network`, the gradient's norm before clipping.
    public struct Report: TrainingReport {
        /// What was measured, by the tags of the log.
        public let measured: [String: Tensor]
        /// What was not finite; the network was not updated then.
        public let fault: TrainingFault?
    }

    /// The settings.
    public let recipe: TeacherRecipe
    /// What the recipe's learning rate is multiplied by.
    public var learningRateFactor = 1.0
    private let trained: TrainedNetwork<EDMDenoiser>
    private let images: TrainingImages
    private let device: Device
    private let microBatches: MicroBatches

    /// Makes a new network from the recipe's seed.
    ///
    /// - Throws: `RecipeError` if the images do not fit the network, or if the processes cannot share the micro-batches evenly.
    public init(
        recipe: TeacherRecipe, images: TrainingImages, device: Device = .cpu,
        processes: Communicator = .alone
    ) throws {
        try recipe.checkImages(images)
        microBatches = try MicroBatches(
            of: recipe.batch, largest: recipe.microBatch, on: device, processes)
        self.recipe = recipe
        self.images = images
        self.device = device
        let denoiser = recipe.network.makeDenoiser(seed: recipe.seed)
        denoiser.move(to: device)
        denoiser.setComputeType(recipe.computeType)
        denoiser.setActivationCheckpointing(recipe.gradientCheckpointing)
        trained = TrainedNetwork(
            "network", denoiser, weightDecay: recipe.weightDecay,
            averages: Averages(
                of: denoiser, halfLivesImages: recipe.emaHalfLifeImages, rampUpRatio: recipe.emaRampUp),
            processes: processes, shardedState: recipe.shardedState)
    }

    /// The processes that train it.
    public var processes: Communicator { trained.processes }

    /// The network in training.
    public var denoiser: EDMDenoiser { trained.network }

    /// The names of the averages' files end with these.
    public var averageSuffixes: [String] { trained.averages?.suffixes ?? [] }

    /// Steps that it takes to see `durationImages`.
    public var stepCount: Int { (recipe.durationImages + recipe.batch - 1) / recipe.batch }

    /// The recipe's batch.
    public var imagesPerStep: Int { recipe.batch }

    /// The recipe's intervals, in steps.
    public var intervals: RunIntervals {
        RunIntervals(
            log: recipe.logEveryImages / recipe.batch, sample: recipe.sampleEveryImages / recipe.batch,
            checkpoint: recipe.checkpointEveryImages / recipe.batch)
    }

    /// Draws a batch, descends on its loss and updates the moving averages; where loss or gradient are not finite, draws a
    /// batch alone.
    public func step(_ step: Int) throws -> Report {
        try LibTorch.withErrors {
            let draw = TeacherBatch(recipe, step: step, device: device)
            let share = microBatches.share
            let batch = try microBatches.ranges[share].map { try draw.images($0, of: images) }
            let update = try trained.update(
                microBatches: microBatches.count, learningRate: learningRate(step), clipNorm: recipe.clipNorm
            ) { [denoiser, recipe] number in
                let part = batch[number - share.lowerBound]
                let draws = draw.draws(part.indices)
                let loss = edmLoss(denoiser, x: part.x, given: part.condition, draws: draws)
                let share = loss.sum() / Double(recipe.batch)
                return MicroBatch(
                    loss: share, scalars: ["loss/denoising": share.detached()], result: draws.sigma())
            }
            if update.fault == nil {
                trained.updateAverages(batchSize: recipe.batch, imagesBefore: step * recipe.batch)
            }
            return Report(
                measured: update.scalars, fault: update.fault.map { draw.fault($0, update.results) })
        }
    }

    /// The learning rate of a step: a warm-up, a plateau and a fall to 0.
    public func learningRate(_ step: Int) -> Double {
        let seen = step * recipe.batch
        return recipe.learningRate * learningRateFactor * warmUp(seen, length: recipe.warmUpImages)
            * coolDown(seen, length: recipe.coolDownImages, duration: recipe.durationImages)
    }

    /// A moving average as a network of its own.
    ///
    /// - Parameter average: the number of the average, at most one less than the recipe's half-lives.
    public func averaged(_ average: Int = 0) -> EDMDenoiser {
        let copy = denoiser.replica(sharing: .nothing)
        trained.copyAverage(average, to: copy)
        return copy
    }

    /// What the report measured, the learning rate and the images seen.
    public func scalars(of report: Report, done: Int) -> [String: Double] {
        report.scalars().merging([
            "learning_rate": learningRate(done - 1), "images": Double(done * recipe.batch),
        ]) { $1 }
    }

    /// Network, optimizer and moving averages, of those that processes share this one's part.
    public var state: [String: OrderedDictionary<String, Tensor>] { trained.state }

    /// Brings the averages together in the first process; all processes call it at once.
    public func prepareSamples() throws { try trained.gatherAverages() }

    /// Network, optimizer and moving averages, from all processes.
    public func snapshot() throws -> [String: OrderedDictionary<String, Tensor>] { try trained.snapshot() }

    /// Goes on from a checkpoint of the same recipe.
    public func load(_ checkpoint: Checkpoint) throws { try trained.load(checkpoint) }
}
