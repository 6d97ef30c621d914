// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Encoders
import Evaluation
import Files
import Foundation
import Images
import Models
import Torch

/// How one of the things that an evaluation compares is to be opened.
struct EvaluationInputRequest {
    /// What a path leads to.
    enum Kind {
        /// Weights in `.safetensors`.
        case weights
        /// A folder of Stable Diffusion, or a file of a whole model.
        case text
        /// Statistics in `.npz`, `.pkl` or `.pt`.
        case statistics
        /// Anything else.
        case images
    }

    /// As given; `bundled:generator`, `bundled:teacher` and `bundled:fashion-mnist` are files that jobs find themselves.
    let path: String
    let kind: Kind
    var steps = 1
    var method = SamplingMethod.heun
    /// The sampler of a folder of Stable Diffusion in the place of its own.
    private var scheduler: SchedulerConfiguration.Sampler?
    var split = DatasetSplit.test
    var count: Int
    /// The side that the images of a set are cropped and resized to; nil leaves them.
    var size: Int?
    /// How much prompts count in several steps of a folder of Stable Diffusion; nil for the usual.
    var guidance: Double?
    /// The variant of the weights of a folder of Stable Diffusion; nil for those without one, or the only one.
    private(set) var variant: String?
    /// The folder of the tokenizer of a model in one file; nil for one that is found.
    var tokenizer: URL?

    static let (generator, teacher) = ("bundled:generator", "bundled:teacher")
    static let fashionMNIST = "bundled:fashion-mnist"

    /// Opens in one step what is a model.
    init(_ path: String, count: Int) {
        (self.path, self.count) = (path, count)
        kind = Self.kind(of: path)
    }

    /// Opens as a card tells, or another file in the same way.
    init(_ provenance: Provenance, at path: String? = nil) {
        self.init(path ?? provenance.path, count: provenance.count ?? 2)
        steps = provenance.steps ?? 1
        method = provenance.sampler?.method ?? .heun
        scheduler = provenance.sampler.flatMap { SchedulerConfiguration.Sampler(rawValue: $0.name) }
        split = provenance.split.flatMap(DatasetSplit.init) ?? .test
        (size, guidance, variant) = (provenance.size, provenance.guidance, provenance.variant)
    }

    /// Whether it is a whole model in one file.
    var isSingleFile: Bool { kind == .text && !isFolder(URL(filePath: path)) }

    var isModel: Bool { kind == .weights || kind == .text }

    /// Whether it is a folder of Stable Diffusion with weights of a variant.
    func has(_ variant: String) -> Bool {
        kind == .text && StableDiffusionFolder.has(variant, in: URL(filePath: path))
    }

    /// Takes weights of a variant if it has some.
    mutating func take(variant: String?) {
        if let variant, has(variant) { self.variant = variant }
    }

    private static func kind(of path: String) -> Kind {
        switch path {
        case generator, teacher: return .weights
        case fashionMNIST: return .images
        default: break
        }
        let url = URL(filePath: path)
        if FileManager.default.fileExists(atPath: url.appending(path: "model_index.json").path) {
            return .text
        }
        switch url.pathExtension.lowercased() {
        case "safetensors" where SingleFileModel(url) != nil, "ckpt" where SingleFileModel(url) != nil:
            return .text
        case "safetensors": return .weights
        case "npz":
            return NumPyDataset.canOpen(url) && !ReferenceStatistics.canOpen(url) ? .images : .statistics
        case "pkl", "pt", "pth": return .statistics
        default: return .images
        }
    }

    private var file: URL {
        get throws {
            switch path {
            case Self.generator: return DataFiles.generator
            case Self.teacher: return DataFiles.teacher
            case Self.fashionMNIST: return try DataFiles.fashionMNIST()
            case _ where path.hasPrefix("bundled:"):
                throw KitError(
                    "There is no \(path): name \(Self.generator), \(Self.teacher), \(Self.fashionMNIST), or a path."
                )
            case _ where kind == .text:
                let place = URL(filePath: path)
                return try SingleFileModel(place)?.folder(tokenizer: tokenizer) ?? place
            default: return URL(filePath: path)
            }
        }
    }

    /// Takes over how a model is sampled.
    ///
    /// - Parameter role: what weights are for that do not say.
    /// - Throws: ``SettingError`` for settings that do not belong to what is opened, and what reading it throws.
    mutating func sample(_ sampling: Sampling, as role: WeightsUse.Role = .generator) throws {
        switch kind {
        case .weights:
            var use = try WeightsUse(of: file)
            use.role = use.role ?? role
            (steps, method) = try sampling.steps(of: use)
        case .text:
            var folder = try StableDiffusionFolder(file, variant: variant)
            steps = try sampling.steps(of: &folder)
            scheduler = sampling.sampler == nil ? nil : folder.scheduler.sampler
        case .images, .statistics: try sampling.refuseAll("is for a model, which \(path) is not")
        }
    }
}

extension EvaluationInputRequest {
    /// - Parameters:
    ///   - size: the side that images are cropped and resized to; nil leaves them.
    ///   - prompts: what a folder of Stable Diffusion makes images of.
    /// - Throws: what reading the files throws, and ``SettingError`` where prompts are missing.
    func open(size: Int?, _ prompts: Prompts?, device: Device, _ context: JobContext) throws
        -> EvaluationInput
    {
        switch kind {
        case .weights: return try openWeights(device)
        case .text:
            guard let prompts else {
                throw SettingError(
                    "prompts", "is missing, which \(path) needs to make images", "name a file of prompts")
            }
            return try openTextModel(prompts, device, context)
        case .images:
            let dataset = try openDataset(at: file, split: split, size: size, keepsImages: false)
            context.warnOfTurnedImages(in: dataset, at: path)
            var provenance = Provenance(kind: .images, path: path)
            (provenance.count, provenance.size) = (min(count, dataset.count), size)
            provenance.split = split.rawValue
            return EvaluationInput(content: .images(dataset), provenance: provenance)
        case .statistics:
            let statistics = try ReferenceStatistics(contentsOf: file)
            var provenance = Provenance(kind: .statistics, path: path, sha256: try sha256(ofFile: file))
            provenance.count = statistics.imageCount
            return EvaluationInput(content: .statistics(statistics), provenance: provenance)
        }
    }

    private func openWeights(_ device: Device) throws -> EvaluationInput {
        let denoiser = try loadDenoiser(at: file, device: device)
        try method.check(denoiser, of: file)
        var provenance = Provenance(kind: .model, path: path, sha256: try sha256(ofFile: file))
        (provenance.count, provenance.steps) = (count, steps)
        let isGenerator = if case .generator = method { true } else { false }
        provenance.sampler = isGenerator || steps > 1 ? SamplerSettings(method) : nil
        return EvaluationInput(
            content: .model { seed in
                ImageMaker(denoiser: denoiser, steps: steps, method: method, seed: seed)
            }, provenance: provenance)
    }

    private func openTextModel(
        _ prompts: Prompts, _ device: Device, _ context: JobContext
    ) throws -> EvaluationInput {
        let folder = try file
        var settings = try StableDiffusionFolder(folder, variant: variant)
        settings.warn = context.warn
        if let scheduler { settings.scheduler.sampler = scheduler }
        let model = try StableDiffusion(settings, device: device)
        let scheduler = settings.scheduler
        if steps > 1 { try scheduler.check(steps: steps) }
        let denoiser = model.denoiser(
            guidance: steps == 1 ? 1 : guidance ?? settings.usualGuidance(steps: steps))
        let sums = try StableDiffusionFolder.parts.map { part in
            try sum(ofFilesIn: folder.appending(path: part)) { !$0.hasPrefix(".") }
        }
        var provenance = Provenance(kind: .model, path: path, sha256: sha256(Data(sums.joined().utf8)))
        (provenance.count, provenance.steps, provenance.guidance) = (count, steps, denoiser.guidance)
        provenance.sampler = steps == 1 ? nil : SamplerSettings(scheduler)
        provenance.variant = variant
        let (encoder, texts) = (model.promptEncoder, prompts.texts)
        context.warnOfLongPrompts(
            encoder.tokens(of: prompts.of(0..<min(count, texts.count))).count { $0.droppedCount > 0 })
        return EvaluationInput(
            content: .model { seed in
                ImageMaker(
                    denoiser: denoiser, scheduler: scheduler, autoencoder: model.autoencoder, steps: steps,
                    seed: seed
                ) { indices in encoder(indices.map { texts[$0 % texts.count] }).condition }
            }, provenance: provenance)
    }
}
