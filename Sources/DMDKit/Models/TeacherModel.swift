// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Distillation
public import Evaluation
public import Foundation
public import Images
import Models
public import Torch
import Training

/// A teacher as jobs see it, of whatever kind. Samples are what its network denoises: images, or latents.
///
/// ``PixelTeacher`` makes one of any denoiser whose samples are images.
public protocol TeacherModel: Sendable {
    /// The teacher's denoiser, with guidance if it has any.
    associatedtype Network: Denoiser

    /// The teacher.
    var network: Network { get }
    /// Tells its weights from all others.
    var fingerprint: String { get }
    /// What its samples are conditioned on besides classes; nil where there is nothing more.
    var conditions: (any ConditionSource)? { get }
    /// Those of them that are prompts.
    var prompts: PairDescription.Prompts? { get }
    /// `[C, H, W]` of the images.
    var imageShape: [Int] { get }

    /// The deterministic sampler in words.
    func samplerName(steps: Int) -> String
    /// Samples of noise by that sampler.
    func samples(of z: Tensor, given condition: Condition?, steps: Int) -> Tensor
    /// The images of samples, without gradient.
    func images(of samples: Tensor) -> Tensor
    /// LPIPS between the images of samples: as the model makes them, and as a tiny decoder does if there is one.
    func distances(_ lpips: LPIPS) -> (full: Distance, tiny: Distance?)
    /// Images by the teacher, in some steps.
    func imageMaker(steps: Int, seed: UInt64) -> ImageMaker
    /// Images by a generator.
    func imageMaker(_ generator: Generator<Network.Replica>, seed: UInt64) -> ImageMaker

    /// Real images as a discriminator sees them.
    ///
    /// - Parameters:
    ///   - dataset: images of ``imageShape``.
    ///   - folder: for what is worth keeping of them.
    ///   - device: where they are made ready.
    ///   - context: hears of the progress.
    func realImages(
        _ dataset: any ImageDataset, keptIn folder: URL, device: Device, _ context: JobContext
    ) throws -> any RealImages

    /// Whether a generator's files can tell of these levels; none are the highest alone.
    ///
    /// - Throws: ``KitError`` if they cannot.
    func check(levels: [Int]) throws

    /// Reads the network of a generator that ``save(_:as:in:metadata:)`` wrote.
    func generator(at url: URL) throws -> Network.Replica

    /// Writes a generator.
    ///
    /// - Parameters:
    ///   - generator: what is written.
    ///   - name: that of the file or folder, without an ending.
    ///   - folder: where it goes.
    ///   - metadata: facts to keep in it, by name.
    /// - Returns: where it is.
    func save(
        _ generator: Generator<Network.Replica>, as name: String, in folder: URL, metadata: [String: String]
    ) throws -> URL
}

extension TeacherModel {
    /// Any levels can be told.
    public func check(levels: [Int]) throws {}

    /// The images themselves, with their classes.
    public func realImages(
        _ dataset: any ImageDataset, keptIn folder: URL, device: Device, _ context: JobContext
    ) throws -> any RealImages { DatasetImages(dataset, classCount: network.classCount) }

    /// What pairs of the teacher are made of.
    func pairs(count: Int, steps: Int, seed: UInt64, shardSize: Int = 1_000) -> PairDescription {
        PairDescription(
            count: count, seed: seed, sampleShape: network.sampleShape, classCount: network.classCount,
            prompts: prompts, teacher: fingerprint, sampler: samplerName(steps: steps),
            shardSize: shardSize)
    }

    /// Makes the pairs that a folder lacks.
    ///
    /// - Throws: `CancellationError` or ``TimeLimitReached`` if the job should stop; what is made stays.
    func makePairs(
        in folder: URL, count: Int, steps: Int, seed: UInt64, batch: Int = 128, shardSize: Int = 1_000,
        device: Device, timeLimit: TimeLimit? = nil, _ context: JobContext
    ) throws {
        var writer = try PairWriter(
            folder, pairs(count: count, steps: steps, seed: seed, shardSize: shardSize),
            conditions: conditions, warn: context.warn)
        guard writer.finished < count else { return }
        var progress = context.counter("pairs", total: count, done: writer.finished, unit: "pair")
        var timeLimit = timeLimit
        timeLimit?.begin()
        try writer.write(
            batch: batch, device: device, sampler: { samples(of: $0, given: $1, steps: steps) },
            progress: { made in
                progress.update(made)
                try context.check()
                if timeLimit?.isReached() == true { throw TimeLimitReached() }
            })
        progress.finish()
    }
}
