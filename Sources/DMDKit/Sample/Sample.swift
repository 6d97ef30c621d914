// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
public import Foundation
import Images
import Models
import Torch
import Weights

/// Makes a sheet of images with a generator, or with a teacher. Image number i of a seed is the same whatever the count and
/// the batch.
public struct Sample: Job {
    /// Weights as safetensors, or with prompts a folder of Stable Diffusion; nil for the bundled generator.
    public var weights: URL?
    /// How many images; nil for 80, or 1 of each prompt.
    public var count: Int?
    /// The class of all images; nil for one after another.
    public var label: Int?
    /// The random seed.
    public var seed: UInt64
    /// Images that are made at once.
    public var batch = 64
    /// What images of a text-to-image model show; nil for a model without text.
    public var text: TextSettings?
    /// How several steps are made.
    public var sampling = Sampling()
    /// The picture to write, in .png or .jpg; its folder is made if need be.
    public var out: URL
    /// Where it computes.
    public var compute: ComputeSettings

    /// A sheet of images; see the properties.
    public init(
        weights: URL? = nil, count: Int? = nil, seed: UInt64 = 0, text: TextSettings? = nil,
        out: URL = URL(filePath: "samples.png"), compute: ComputeSettings = .cpu
    ) {
        (self.weights, self.count, self.seed, self.text) = (weights, count, seed, text)
        (self.out, self.compute) = (out, compute)
    }

    /// What was made.
    public struct Output: Sendable {
        /// The picture.
        public let file: URL
        /// The number of images in it.
        public let count: Int
        /// How long they took, loading left out.
        public let seconds: Double
    }

    /// Makes the images, and writes the picture.
    public func run(in context: JobContext) throws -> Output {
        try require(("count", count, .sheetCounts), ("batch", batch, .batches))
        try Image.checkPlace(out)
        if let text { return try sampleText(text, context) }
        return try samplePixels(context)
    }

    private func samplePixels(_ context: JobContext) throws -> Output {
        let count = count ?? 80
        let file = weights ?? DataFiles.generator
        let (steps, method) = try sampling.steps(of: WeightsUse(of: file))
        let denoiser = try loadDenoiser(at: file, device: compute.device)
        try method.check(denoiser, of: file)
        if let label, !(0..<max(denoiser.classCount, 1)).contains(label) {
            throw SettingError(
                "label", "is \(label)", "this model has the classes 0 to \(denoiser.classCount - 1)")
        }
        if label != nil, denoiser.classCount == 0 {
            throw SettingError("label", "belongs to a model with classes, which this is not", "leave it out")
        }
        let start = ContinuousClock.now
        let maker = ImageMaker(
            denoiser: denoiser, steps: steps, method: method, seed: seed, label: label)
        var counter = context.counter("sample", total: count, unit: "image")
        let images = try maker.images(count, batch: batch) { made in
            counter.update(made)
            try context.check()
        }
        counter.finish()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try sheet(of: images, classes: label == nil ? denoiser.classCount : 0).write(to: out)
        return Output(file: out, count: count, seconds: seconds)
    }

    private func sampleText(_ text: TextSettings, _ context: JobContext) throws -> Output {
        if label != nil {
            throw SettingError("label", "belongs to a model of classes, not of text", "leave it out")
        }
        guard let weights else {
            throw SettingError(
                "weights", "is missing, which prompts need", "name a folder of Stable Diffusion")
        }
        guard ClosedRange<Int>.sheetCounts.contains((count ?? 1) * text.prompts.count) else {
            throw SettingError(
                "count", "is \(count ?? 1) for each of \(text.prompts.count) prompts",
                "give fewer: \(ClosedRange<Int>.sheetCounts.upperBound) images at most")
        }
        let start = ContinuousClock.now
        let sampler = try TextSampler(folder: weights, text, sampling, seed: seed, compute.device, context)
        let parallel = compute.device == .cpu ? min(batch, LibTorch.threads) : batch
        let made = try sampler.latents(count ?? 1, batch: parallel, context)
        LibTorch.returnFreedMemory()
        let images = Image.images(from: sampler.decoder.decodeEach(made.latents))
        try context.check()
        let notes = [
            ("prompt", text.prompts.joined(separator: " | ")), ("seed", "\(seed)"), ("weights", made.weights),
        ]
        try promptSheet(of: images, rows: text.prompts.count).write(to: out, text: notes)
        return Output(file: out, count: images.count, seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    /// One image as it is, several with a row for each prompt or as a square.
    private func promptSheet(of images: [Image], rows: Int) -> Image {
        if images.count == 1 { return images[0] }
        let columns = rows > 1 ? images.count / rows : Int(Double(images.count).squareRoot().rounded(.up))
        return Grid(columns: columns).compose(images)
    }
}
