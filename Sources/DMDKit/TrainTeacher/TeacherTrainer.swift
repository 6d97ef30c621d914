// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
public import Models
public import OrderedCollections
public import Torch
public import Training

/// One optimiser step after another of EDM training: everything but the run around it.
public final class TeacherTrainer: Trainable {
    /// What a step measured; nothing has been read back from the device yet.
    public struct Report {
        /// The loss of the batch, a scalar.
        public let loss: Tensor
        /// The norm of the gradient before clipping, a scalar.
        public let gradientNorm: Tensor
        /// What was not finite; the network was not updated then.
        public let fault: TrainingFault?
    }

    /// The network being trained.
    public let denoiser: EDMDenoiser
    /// The settings.
    public let recipe: TeacherRecipe
    private let images: TrainingImages
    private let device: Device
    private let optimizer: AdamW
    /// The moving averages of the weights, in the order of the recipe's half-lives.
    public let averages: Averages
    /// What the recipe's learning rate is multiplied by.
    public var learningRateFactor = 1.0

    /// Makes a new network from the recipe's seed.
    ///
    /// - Throws: ``RecipeError`` if the images do not fit the network.
    public init(recipe: TeacherRecipe, images: TrainingImages, device: Device = .cpu) throws {
        try recipe.checkImages(images)
        self.recipe = recipe
        self.images = images
        self.device = device
        denoiser = recipe.network.makeDenoiser(seed: recipe.seed)
        denoiser.move(to: device)
        denoiser.setRequiresGrad(true)
        denoiser.setComputeType(recipe.computeType)
        denoiser.setRecomputes(recipe.gradientCheckpointing)
        optimizer = AdamW(
            parameters: denoiser.parameters, learningRate: recipe.learningRate,
            weightDecay: recipe.weightDecay)
        averages = Averages(
            of: denoiser, halfLivesImages: recipe.emaHalfLifeImages, rampUpRatio: recipe.emaRampUp)
    }

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

    /// The number of parts of a batch that go through the network by themselves: as many as `microBatch` makes, else one
    /// a thread.
    private var parts: Int {
        recipe.microBatch.map { (recipe.batch + $0 - 1) / $0 } ?? min(device.threads, recipe.batch)
    }

    /// Draws a batch, descends on its loss and updates the moving averages; where loss or gradient are not finite, draws a
    /// batch alone.
    public func step(_ step: Int) throws -> Report {
        let (x, condition) = try batch(step)
        let parts = parts
        let (images, conditions) = (x.chunked(parts), condition?.chunked(parts))
        let noise = noise(for: x, step: step)
        let draws = noise.chunked(parts)
        let losses = accumulateGradients(of: denoiser.parameters.values, over: parts) { part in
            let share = Double(images[part].shape[0]) / Double(recipe.batch)
            let loss =
                edmLoss(denoiser, x: images[part], condition: conditions?[part], draws: draws[part]) * share
            return (loss, loss.detached())
        }
        let gradientNorm = clipGradientNorm(denoiser.parameters.values, to: recipe.clipNorm)
        let loss = Tensor.stacked(losses).sum()
        let fault = fault(loss: loss, gradientNorm: gradientNorm, sigma: noise.sigma(), step: step)
        if fault == nil {
            optimizer.learningRate = learningRate(step)
            optimizer.step()
        }
        optimizer.zeroGradients()
        if fault == nil {
            averages.update(from: denoiser, batchSize: recipe.batch, imagesBefore: step * recipe.batch)
        }
        return Report(loss: loss, gradientNorm: gradientNorm, fault: fault)
    }

    /// What was not finite in a step.
    public func fault(of report: Report) -> TrainingFault? { report.fault }

    private func fault(
        loss: Tensor, gradientNorm: Tensor, sigma: @autoclosure () -> Tensor, step: Int
    ) -> TrainingFault? {
        guard !(loss + gradientNorm).item().isFinite else { return nil }
        return TrainingFault(
            step: step + 1, network: "network",
            values: ["loss": loss.item(), "gradientNorm": gradientNorm.item()],
            noiseLevels: sigma().array(as: Double.self), seed: recipe.seed,
            streams: ["teacher.order", "teacher.sigma", "teacher.noise"]
                + (recipe.mirror ? ["teacher.mirror"] : []))
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
        let copy = recipe.network.makeDenoiser(seed: recipe.seed)
        copy.move(to: device)
        averages.members[average].copy(to: copy)
        return copy
    }

    /// Loss, gradient norm, learning rate and images seen.
    public func scalars(of report: Report, done: Int) -> [String: Double] {
        [
            "loss": report.loss.item(), "gradientNorm": report.gradientNorm.item(),
            "learningRate": learningRate(done - 1), "images": Double(done * recipe.batch),
        ]
    }

    /// Network, optimizer and moving averages.
    public var state: [String: OrderedDictionary<String, Tensor>] {
        ["network": denoiser.state, "optimizer": optimizer.state]
            .merging(averages.state(as: "ema")) { $1 }
    }

    /// Goes on from a checkpoint of the same recipe.
    public func load(_ checkpoint: Checkpoint) throws {
        try denoiser.load(checkpoint.tensors("network"))
        try optimizer.load(state: checkpoint.tensors("optimizer"))
        try averages.load(checkpoint, as: "ema")
    }

    private func batch(_ step: Int) throws -> (x: Tensor, condition: Tensor?) {
        let indices = images.indices(batch: recipe.batch, step: step, seed: recipe.seed)
        var x = try images.images(indices).to(device).to(.float32) / 127.5 - 1
        if recipe.mirror {
            var stream = RandomStream(seed: recipe.seed, purpose: "teacher.mirror", step: step)
            let mirrored = stream.uniform([indices.count, 1, 1, 1], device: device) .< 0.5
            x = mirrored.selecting(x.flipped(dims: [3]), else: x)
        }
        guard recipe.network.labelDim > 0, let labels = images.labels else { return (x, nil) }
        let classes = Tensor(indices.map { labels[$0] }, device: device)
        return (x, classes.oneHot(classCount: recipe.network.labelDim).to(.float32))
    }

    private func noise(for x: Tensor, step: Int) -> EDMDraws {
        var levels = RandomStream(seed: recipe.seed, purpose: "teacher.sigma", step: step)
        var noise = RandomStream(seed: recipe.seed, purpose: "teacher.noise", step: step)
        return EDMDraws(
            logSigma: levels.normal([x.shape[0]], device: device),
            noise: noise.normal(x.shape, device: device))
    }
}
