// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
public import Foundation
import Images
import Models
import Torch
import Weights

/// Makes images with a generator, or with a teacher: a sheet, or single files. Image number i of a seed is the same whatever
/// the count and the batch.
public struct Sample: Job {
    /// Weights as safetensors, or with prompts a folder of Stable Diffusion or a file of a whole model; nil for the bundled generator.
    public var weights: URL?
    /// How many images, of each prompt unless they take turns; nil for 80, or 1 of each prompt.
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
    /// The variant of the weights of a folder of Stable Diffusion, such as `fp16`; nil for those without one, or the only one.
    public var variant: String?
    /// The folder of the tokenizer of a model in one file; nil for one that is found beside it, in the user's data folder or in Hugging
    /// Face's cache.
    public var tokenizer: URL?
    /// What to write; folders are made if need be. A name in .png or .jpg is one picture of all images. Another name is a folder
    /// of single PNG files, .zip an archive of them as EDM's tools read it, and .npz an array `arr_0` (uint8 `[N, H, W, C]`) with
    /// the classes as `arr_1`. Single files go on where an earlier job was stopped, and several processes may make them together.
    public var out: URL
    /// Where it computes.
    public var compute: ComputeSettings

    /// Some images; see the properties.
    public init(
        weights: URL? = nil, count: Int? = nil, seed: UInt64 = 0, text: TextSettings? = nil,
        out: URL = URL(filePath: "samples.png"), compute: ComputeSettings = .cpu
    ) {
        (self.weights, self.count, self.seed, self.text) = (weights, count, seed, text)
        (self.out, self.compute) = (out, compute)
    }

    /// What was made.
    public struct Output: Sendable {
        /// The picture, archive or folder.
        public let file: URL
        /// The number of images in it.
        public let count: Int
        /// How long they took, loading left out.
        public let seconds: Double
    }

    /// Makes the images, and writes the picture or the files.
    public func run(in context: JobContext) throws -> Output {
        let place = SamplePlace(out)
        try require(
            ("count", count, place.isPicture ? .sheetCounts : .imageCounts), ("batch", batch, .batches))
        try place.check()
        guard !place.isPicture || compute.processes.count == 1 else {
            throw SettingError(
                "out", "is one picture, which one process makes",
                "name a folder or an archive, or start one process")
        }
        if let text { return try sampleText(text, place, context) }
        return try samplePixels(place, context)
    }

    private func samplePixels(_ place: SamplePlace, _ context: JobContext) throws -> Output {
        try refuse(["variant": variant], "is for a folder of Stable Diffusion, which needs a prompt")
        try refuseTokenizer(tokenizer)
        let count = count ?? 80
        let file = weights ?? DataFiles.generator
        if SingleFileModel(file) != nil {
            throw SettingError(
                "text", "is missing, which \(file.relativePath) needs, a model of images of text",
                "give a prompt")
        }
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
        if place.isPicture {
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
        let classes = label.map { [$0] } ?? Array(0..<denoiser.classCount)
        let description = ImageFiles.Description(
            weights: fingerprint(of: denoiser.state), count: count, seed: seed,
            sampling: "\(method), \(steps) steps",
            shape: maker.imageShape, subjects: classes.map { "class\($0)" }, repeats: 1)
        try place.write(
            description, by: maker, batch: batch,
            labels: classes.isEmpty ? nil : (classes, denoiser.classCount), context)
        return Output(file: out, count: count, seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    private func sampleText(_ text: TextSettings, _ place: SamplePlace, _ context: JobContext) throws
        -> Output
    {
        if label != nil {
            throw SettingError("label", "belongs to a model of classes, not of text", "leave it out")
        }
        guard let weights else {
            throw SettingError(
                "weights", "is missing, which prompts need", "name a folder of Stable Diffusion")
        }
        let bounds: ClosedRange<Int> = place.isPicture ? .sheetCounts : .imageCounts
        let (total, isTooLarge) = text.imageCount(count)
        guard !isTooLarge, bounds.contains(total) else {
            let number =
                text.takesTurns ? "\(total)" : "\(count ?? 1) for each of \(text.prompts.count) prompts"
            throw SettingError(
                "count", "is \(number)",
                place.isPicture
                    ? "give fewer: \(bounds.upperBound) images at most, or a folder for them"
                    : "give fewer: \(bounds.upperBound) images at most")
        }
        let folder = try modelFolder(weights, tokenizer: tokenizer, context)
        let start = ContinuousClock.now
        let sampler = try TextSampler(
            folder: folder, variant: variant, text, count: count, sampling, seed: seed, compute.device,
            context)
        let parallel = compute.device == .cpu ? min(batch, sampler.batchOnCPU) : batch
        guard place.isPicture else {
            let (maker, network) = try sampler.maker(context)
            let description = ImageFiles.Description(
                weights: network, count: total, seed: seed, sampling: sampler.words, shape: maker.imageShape,
                subjects: text.prompts, repeats: text.takesTurns ? 1 : count ?? 1)
            try place.write(description, by: maker, batch: parallel, labels: nil, context)
            return Output(file: out, count: total, seconds: (ContinuousClock.now - start) / .seconds(1))
        }
        let made = try sampler.latents(batch: parallel, context)
        LibTorch.returnFreedMemory()
        let images = Image.images(from: sampler.decoder.decodeEach(made.latents))
        try context.check()
        let notes = [
            ("prompt", text.prompts.joined(separator: " | ")), ("seed", "\(seed)"), ("weights", made.weights),
        ]
        try promptSheet(of: images, rows: text.takesTurns ? 1 : text.prompts.count).write(
            to: out, text: notes)
        return Output(file: out, count: images.count, seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    /// One image as it is, several with a row for each prompt or as a square.
    private func promptSheet(of images: [Image], rows: Int) -> Image {
        if images.count == 1 { return images[0] }
        let columns = rows > 1 ? images.count / rows : Int(Double(images.count).squareRoot().rounded(.up))
        return Grid(columns: columns).compose(images)
    }
}
