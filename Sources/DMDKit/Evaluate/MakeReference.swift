// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Files
public import Foundation

/// Saves the mean and covariance of the features of images, to compare with later; or says what is in a file of them.
///
/// The file is an `.npz` that EDM's `fid.py`, pytorch-fid and others read too.
public struct MakeReference: Job {
    /// A set of images, the weights of a model, a folder of Stable Diffusion, which needs ``prompts``, or an `.npz`, `.pkl` or
    /// `.pt` file of statistics, those of other programs included, which is only read. Also one of ``Evaluate``'s bundled names.
    public var input: String
    /// The file to write; nil for `reference.npz`.
    public var out: URL?
    /// How many images of a model, and at most how many of a set; nil for 50,000.
    public var count: Int?
    /// Which part of a set that comes as two; nil for the images to learn from.
    public var split: Split?
    /// The side in pixels to which a set's images are cropped and resized; nil leaves them.
    public var size: Int?
    /// The random seed of a model's noise; nil for 0.
    public var seed: UInt64?
    /// How images are made if ``input`` is a model.
    public var sampling: Sampling
    /// The prompts of a folder of Stable Diffusion, see ``Evaluate/prompts``.
    public var prompts: String?
    /// The column or key of the prompts; nil for `caption`, `text` or `prompt`.
    public var promptColumn: String?
    /// How much prompts count in several steps of a folder of Stable Diffusion, 1 and above; nil for 7.5.
    public var guidance: Double?
    /// The variant of the weights of a folder of Stable Diffusion, such as `fp16`; nil for those without one, or the only one.
    public var variant: String?
    /// The folder of the tokenizer of a model in one file; nil for one that is found beside it, in the user's data folder or in Hugging
    /// Face's cache.
    public var tokenizer: URL?
    /// The network, see ``Evaluate/features``.
    public var features: String?
    /// The weights of that network; nil for those that are installed.
    public var featureWeights: String?
    /// Where to compute.
    public var compute: ComputeSettings

    /// Statistics of images; see the properties.
    public init(
        _ input: String, out: URL? = nil, count: Int? = nil, split: Split? = nil, size: Int? = nil,
        seed: UInt64? = nil, sampling: Sampling = Sampling(), prompts: String? = nil,
        promptColumn: String? = nil, guidance: Double? = nil, features: String? = nil,
        featureWeights: String? = nil, compute: ComputeSettings = .cpu
    ) {
        (self.input, self.out, self.count, self.split, self.size) = (input, out, count, split, size)
        (self.seed, self.sampling) = (seed, sampling)
        (self.prompts, self.promptColumn, self.guidance) = (prompts, promptColumn, guidance)
        (self.features, self.featureWeights, self.compute) = (features, featureWeights, compute)
    }

    /// Saved statistics.
    public struct Output: Sendable {
        /// Where they are.
        public let url: URL
        /// What is in them, in a sentence.
        public let summary: String
    }

    /// Makes the file, or reads it.
    ///
    /// - Throws: ``SettingError`` for settings that cannot be or do not belong to the input, and what reading it throws.
    public func run(in context: JobContext) throws -> Output {
        let request = try request()
        if request.kind == .statistics { return try read(context) }
        let out = out ?? URL(filePath: "reference.npz")
        try requireWritable(file: out)
        let prompts = try PromptRequest(file: prompts, column: promptColumn)?.open(device: compute.device)
        let opened = try request.open(size: size, prompts, device: compute.device, context)
        if case .images(let images) = opened.content, !comesAsTwo(images) {
            try refuse(["split": split], "is for a set of images that comes as two, which \(input) does not")
        }
        try opened.requireCovariance()
        let saved = try statistics(of: opened, unfinished: unfinished(of: out), context)
        try context.check()
        if compute.isFirst {
            try saved.write(to: out)
            try? FileManager.default.removeItem(at: unfinished(of: out))
        }
        return output(saved, out)
    }

    /// Where the work of a job that was stopped is kept.
    private func unfinished(of file: URL) -> URL { file.appendingPathExtension("unfinished") }

    private func statistics(
        of opened: EvaluationInput, unfinished: URL, _ context: JobContext
    ) throws -> ReferenceStatistics {
        let settings = FeatureSettings(name: features ?? FeatureSettings.usualName, weights: featureWeights)
        let network = try settings.load(device: compute.device)
        let look = Look(
            extractor: FeatureExtractor(
                network: network, keepsFeatures: false, folder: unfinished, processes: compute.processes,
                context: context),
            features: try FeatureProvenance(settings.name, network))
        guard case .images(let seen) = try look(at: opened, seed: seed ?? 0, "reference").result else {
            preconditionFailure("images are looked at")
        }
        return ReferenceStatistics(
            seen.statistics.total.gaussian, kind: network.kind, imageCount: seen.count,
            networkHash: look.features.sha256, source: "\(opened.provenance)")
    }

    private func read(_ context: JobContext) throws -> Output {
        let saved = try ReferenceStatistics(contentsOf: URL(filePath: input))
        if saved.isRankDeficient == true {
            context.warn(
                "\(input) is of no more images than features: distances from it say more about their number than about the "
                    + "images.")
        }
        return output(saved, URL(filePath: input))
    }

    private func output(_ saved: ReferenceStatistics, _ file: URL) -> Output {
        let kind =
            saved.kind.map { "\($0)" }
            ?? "\(saved.gaussian.dimension) features of a network that the file does not name"
        let count = saved.imageCount.map { "\($0.formatted()) images" } ?? "an unknown number of images"
        let source = saved.source.map { ", from \($0)" } ?? ""
        return Output(url: file, summary: "\(file.relativePath): \(kind), of \(count)\(source)")
    }
}

extension MakeReference {
    /// What is to be opened, once all settings are found to apply.
    private func request() throws -> EvaluationInputRequest {
        try require(("size", size, .imageSides), ("count", count, .covarianceCounts))
        try requireGuidance(guidance)
        if let out, out.pathExtension.lowercased() != "npz" {
            throw SettingError("out", "is \(out.relativePath)", "give a name in .npz")
        }
        var request = EvaluationInputRequest(input, count: count ?? 50_000)
        request.guidance = guidance
        request.take(variant: variant)
        request.tokenizer = tokenizer
        request.split = (split ?? .train).part
        try request.sample(sampling)
        try refuseUnused(by: request)
        return request
    }

    private func refuseUnused(by request: EvaluationInputRequest) throws {
        if request.kind == .statistics {
            try refuse(
                [
                    "out": out, "count": count, "features": features, "featureWeights": featureWeights,
                ], "does not apply to saved statistics, which are only read")
        }
        if request.kind != .images {
            try refuse(["split": split, "size": size], "is for a set of images, which \(input) is not")
        }
        if !request.isModel { try refuse(["seed": seed], "is for a model's noise, and \(input) is no model") }
        if request.kind != .text {
            try refuse(
                ["prompts": prompts, "promptColumn": promptColumn],
                "is for a folder of Stable Diffusion, which \(input) is not")
        }
        if let variant, !request.has(variant) {
            try refuse(
                ["variant": variant],
                "is '\(variant)', of which \(input) has no weights, or it is no folder of Stable Diffusion")
        }
        if !request.isSingleFile { try refuseTokenizer(tokenizer) }
        if request.kind != .text || request.steps == 1 {
            try refuse(["guidance": guidance], "is for several steps of a folder of Stable Diffusion")
        }
    }
}
