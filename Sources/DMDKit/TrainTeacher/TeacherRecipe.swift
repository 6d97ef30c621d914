// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
public import Models
public import Torch
public import Training

/// How a teacher is trained from images. Durations count images, so that the batch may change.
public struct TeacherRecipe: Recipe {
    /// The network; its channels, resolution and classes must be those of the images.
    public var network = UNetConfiguration.fashionMNIST
    /// The random seed of the run.
    public var seed: UInt64 = 0
    /// The batch size.
    public var batch = 64
    /// The largest part of a batch that goes through the network at once, on the CPU in each thread: gradients are added up
    /// before an update, which needs less memory and changes nothing else. Null deals out the whole batch.
    public var microBatch: Int?
    /// What the network computes in; weights, their updates and the loss are float32.
    public var computeType = ComputeType.float32
    /// Whether the backward pass makes activations again, block by block, rather than keep them: about a third more work
    /// in much less memory, with the same result.
    public var gradientCheckpointing = false
    /// Whether each of several processes keeps a part of AdamW's moments and of the averages rather than all of them: less memory, with
    /// the same result.
    public var shardedState = false
    /// Images seen in the whole run.
    public var durationImages = 800_000
    /// AdamW's learning rate after the warm-up.
    public var learningRate = 1e-3
    /// Images over which the learning rate rises from 0.
    public var warmUpImages = 10_000
    /// Images at the end over which the learning rate falls linearly to 0.
    public var coolDownImages = 300_000
    /// Decoupled weight decay.
    public var weightDecay = 0.0
    /// The largest norm of the gradient.
    public var clipNorm = 1.0
    /// Half-lives of moving averages of the weights, in images; the first is the run's result.
    public var emaHalfLifeImages = [50_000.0]
    /// The half-life is at most this fraction of the images seen; Karras et al. use 0.05.
    public var emaRampUp = 0.05
    /// Whether images are mirrored at random.
    public var mirror = false
    /// Images between two lines of the log.
    public var logEveryImages = 6_400
    /// Images between two sample sheets.
    public var sampleEveryImages = 128_000
    /// Images between two checkpoints.
    public var checkpointEveryImages = 64_000

    /// The bundled teacher's settings.
    public init() {}

    /// - Throws: `RecipeError` for values out of range.
    public func validate() throws {
        do {
            try network.validate()
        } catch {
            try check("network.\(error.key)", error.value, false, error.condition)
        }
        try check("batch", count: batch)
        if let microBatch { try check("microBatch", count: microBatch) }
        try check("durationImages", durationImages, durationImages >= batch, "at least one batch")
        try check("durationImages", count: durationImages)
        try check("learningRate", learningRate, learningRate > 0, "above 0")
        try check("warmUpImages", count: warmUpImages, least: 0)
        try check(
            "coolDownImages", coolDownImages, (0...durationImages).contains(coolDownImages),
            "0 to durationImages")
        try check("weightDecay", weightDecay, weightDecay >= 0, "at least 0")
        try check("clipNorm", clipNorm, clipNorm > 0, "above 0")
        try check("emaHalfLifeImages", halfLives: emaHalfLifeImages)
        try check("emaRampUp", emaRampUp, emaRampUp > 0, "above 0")
        for (key, interval) in [
            ("logEveryImages", logEveryImages), ("sampleEveryImages", sampleEveryImages),
            ("checkpointEveryImages", checkpointEveryImages),
        ] {
            try check(key, interval, interval >= batch, "at least one batch")
            try check(key, count: interval)
        }
    }

    /// Whether images can be what the network makes.
    func checkImages(_ images: TrainingImages) throws {
        let shape = [network.imgChannels, network.imgResolution, network.imgResolution]
        guard images.shape == shape else {
            throw RecipeError.invalid(
                key: "network", reason: "makes images of shape \(shape), and those given have \(images.shape)"
            )
        }
        let classes = (images.labels?.max() ?? -1) + 1
        guard network.labelDim == 0 || (1...network.labelDim).contains(classes) else {
            throw RecipeError.invalid(
                key: "network.labelDim",
                reason: "is \(network.labelDim), and the images have \(classes) classes")
        }
    }
}
