// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Distillation
import Encoders
public import Evaluation
import Export
public import Foundation
public import Images
public import Models
public import Torch
import Weights

/// A text-to-image teacher, whose samples are latents.
public struct TextTeacher: TeacherModel {
    /// The teacher.
    public let network: Guided<StableDiffusionDenoiser>
    /// Tells its weights from all others.
    public let fingerprint: String
    /// What its samples are conditioned on besides classes.
    public let conditions: (any ConditionSource)?
    private let folder: StableDiffusionFolder
    private let autoencoder: any ImageAutoencoder
    private let tinyDecoder: (any ImageAutoencoder)?

    /// Loads a model, and makes the vectors of its prompts where they are not kept already.
    ///
    /// - Parameters:
    ///   - folder: the model.
    ///   - variant: of its weights; nil for those without one, or the only one.
    ///   - prompts: what it is asked for.
    ///   - guidance: the weight of classifier-free guidance in the teacher.
    ///   - sampler: what takes the place of its own sampler.
    ///   - steps: of the sampler.
    ///   - tinyDecoder: the folder of a tiny autoencoder.
    ///   - trialCount: for a trial, the number of prompts that are enough; nothing is then kept.
    init(
        folder: URL, variant: String?, _ prompts: PromptFile, guidance: Double,
        sampler: Sampling.Sampler?, steps: Int,
        tinyDecoder: URL?,
        trialCount: Int? = nil,
        device: Device, _ context: JobContext
    ) throws {
        let texts = try prompts.read()
        var folder = try StableDiffusionFolder(folder, variant: variant)
        folder.warn = context.warn
        try sampler?.replaceSampler(of: &folder)
        try folder.scheduler.check(steps: steps)
        self.folder = folder
        autoencoder = try folder.loadAutoencoder(device: device)
        self.tinyDecoder = try tinyDecoder.map { try folder.loadAutoencoder(from: $0, device: device) }
        let encoder = try folder.loadPromptEncoder(device: device)
        let unet = try folder.loadUNet(device: device)
        try requireFloats(unet, of: folder.url)
        network = Guided(
            StableDiffusionDenoiser(unet, scheduler: folder.scheduler),
            guidance: guidance, unconditional: encoder([""]).condition)
        fingerprint = Weights.fingerprint(of: network.state)
        conditions =
            if let trialCount {
                TensorConditions(encoder(Array(texts.prefix(trialCount))).condition.to(.cpu))
            } else {
                try Self.vectors(of: texts, encoder, in: prompts.vectorFolder, context)
            }
    }

    private static func vectors(
        of prompts: [String], _ encoder: PromptEncoder, in folder: URL, _ context: JobContext
    ) throws -> PromptVectors {
        var progress: ProgressCounter?
        var droppedCount = 0
        let vectors = try PromptVectors(
            in: folder, of: prompts, encoder: encoder.fingerprint(of: prompts),
            encode: { texts in
                let (condition, dropped) = encoder(texts)
                droppedCount += dropped.count { $0 > 0 }
                guard let tokens = condition.context else { preconditionFailure("prompts have tokens") }
                return tokens
            },
            renewed: {
                context.warn(
                    "\(folder.relativePath) holds vectors of an earlier version, which did not know the tokenizer: they are made again."
                )
            },
            progress: { done, total in
                progress = progress ?? context.counter("prompts", total: total, done: done, unit: "prompt")
                progress?.update(done)
                try context.check()
            })
        progress?.finish()
        context.warnOfLongPrompts(droppedCount)
        return vectors
    }

    /// Those of its conditions that are prompts.
    public var prompts: PairDescription.Prompts? {
        conditions.map { PairDescription.Prompts($0, guidance: network.guidance) }
    }
    /// `[C, H, W]` of the images.
    public var imageShape: [Int] { autoencoder.imageShape(ofLatents: network.sampleShape) }
    /// The deterministic sampler in words.
    public func samplerName(steps: Int) -> String { "\(folder.scheduler.sampler.rawValue), \(steps) steps" }

    /// Samples of noise by that sampler.
    public func samples(of z: Tensor, given condition: Condition?, steps: Int) -> Tensor {
        folder.scheduler.sample(network, noise: z, given: condition, steps: steps)
    }

    /// The images of samples, without gradient.
    public func images(of samples: Tensor) -> Tensor { autoencoder.decodeEach(samples) }

    /// LPIPS between the images of samples.
    public func distances(_ lpips: LPIPS) -> (full: Distance, tiny: Distance?) {
        func distance(through decoder: any ImageAutoencoder) -> Distance {
            { generated, target in
                lpips(decoder.decode(generated), withoutGradients { decoder.decode(target) })
            }
        }
        return (distance(through: autoencoder), tinyDecoder.map(distance))
    }

    /// Images by the teacher, in some steps.
    public func imageMaker(steps: Int, seed: UInt64) -> ImageMaker {
        imageMaker(network, steps, seed, folder.scheduler)
    }

    /// Images by a generator.
    public func imageMaker(_ generator: Generator<StableDiffusionDenoiser>, seed: UInt64) -> ImageMaker {
        var scheduler = folder.scheduler
        (scheduler.sampler, scheduler.generatorSteps) = (.generator, generator.levels.count)
        return imageMaker(
            Guided(generator.network, guidance: 1, unconditional: network.unconditional),
            generator.levels.count,
            seed, scheduler)
    }

    private func imageMaker(
        _ denoiser: Guided<StableDiffusionDenoiser>, _ steps: Int, _ seed: UInt64,
        _ scheduler: SchedulerConfiguration
    ) -> ImageMaker {
        ImageMaker(
            denoiser: denoiser, scheduler: scheduler, autoencoder: autoencoder, steps: steps,
            seed: seed
        ) { [conditions] indices in
            conditions.map { conditions in conditions(indices.map { $0 % conditions.count }) }
        }
    }

    /// Latents of images, with the vectors of their captions, both of which are kept.
    ///
    /// - Throws: ``KitError`` for images without captions.
    public func realImages(
        _ dataset: any ImageDataset, keptIn folder: URL, device: Device, _ context: JobContext
    ) throws -> any RealImages {
        guard let captions = try dataset.captions() else {
            throw KitError(
                "The real images have no captions, which the discriminator of a text-to-image teacher needs: put a.txt beside each a.jpg, "
                    + "in a folder or in WebDataset's tar archives.")
        }
        guard dataset.imageShape == imageShape else {
            throw KitError(
                "The real images are \(dataset.imageShape) and the teacher's \(imageShape) (channels, height, width): take images of "
                    + "three channels, and a teacher of square images.")
        }
        let encoder = try self.folder.loadPromptEncoder(device: device)
        let vectors = try Self.vectors(
            of: captions, encoder, in: folder.appending(path: "captions.vectors"), context)
        return try CaptionedImages(
            dataset, vectors, encoder: autoencoder, fingerprint: Weights.fingerprint(of: autoencoder.state),
            in: folder, device: device, context)
    }

    /// Levels that diffusers' scheduler chooses too: evenly spaced.
    ///
    /// - Throws: ``KitError`` for others.
    public func check(levels: [Int]) throws {
        var scheduler = folder.scheduler
        let count = max(1, levels.count)
        scheduler.generatorSteps = count
        let (total, even) = (scheduler.betas.count, scheduler.generatorLevels(steps: count))
        guard total.isMultiple(of: count), levels.isEmpty || levels == even else {
            throw KitError(
                "The recipe's `distillation.levels` are \(levels): for a text-to-image model give evenly spaced ones, as diffusers' "
                    + "scheduler takes them, such as \(total.isMultiple(of: count) ? even : [total - 1]).")
        }
    }

    /// Reads the network of a generator's folder.
    public func generator(at url: URL) throws -> StableDiffusionDenoiser {
        let generator = network.replica(sharing: .nothing)
        let part = ModelFolder(url.appending(path: "unet"), weightsName: "diffusion_pytorch_model")
        try part.load(into: generator.unet)
        try requireFloats(generator.unet, of: url)
        return generator
    }

    /// Writes a generator.
    public func save(
        _ generator: Generator<StableDiffusionDenoiser>, as name: String, in folder: URL,
        metadata: [String: String]
    ) throws -> URL {
        let place = folder.appending(path: name)
        try saveOneStepModel(
            generator.network.unet, teacher: self.folder.url, variant: self.folder.variant, to: place,
            steps: generator.levels.count, guidance: network.guidance)
        return place
    }
}

/// A file of prompts, and where their vectors are kept.
public struct PromptFile: Sendable {
    /// A line each in a .txt file, or a column of a .csv, .tsv or .jsonl file.
    public var file: URL
    /// The column of the prompts; nil for `caption`, `text` or `prompt`.
    public var column: String?
    /// The folder of the vectors; nil for one beside the file, with the ending `.vectors`.
    public var vectors: URL?

    /// A file of prompts.
    public init(_ file: URL, column: String? = nil, vectors: URL? = nil) {
        (self.file, self.column, self.vectors) = (file, column, vectors)
    }

    /// The prompts, in the order of their file.
    func read() throws -> [String] { try readPrompts(file, column: column) }

    /// Where vectors are kept.
    var vectorFolder: URL { vectors ?? file.appendingPathExtension("vectors") }
}

extension JobContext {
    /// Warns that the ends of prompts are ignored.
    func warnOfLongPrompts(_ count: Int) {
        guard count > 0 else { return }
        warn("\(count.formatted()) prompts are longer than the text encoder takes; their ends are ignored.")
    }
}
