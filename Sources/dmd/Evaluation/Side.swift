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

/// One of the two things that an evaluation compares, opened.
struct Side {
    enum Content {
        case model((_ seed: UInt64) -> Generation)
        case images(any ImageDataset)
        case statistics(ReferenceStatistics)
    }

    let content: Content
    /// Without the sum of images, which is known once they have been looked at.
    var origin: Origin

    /// The shape of the images `[C, H, W]`; nil of statistics.
    var shape: [Int]? {
        switch content {
        case .model(let generation): generation(0).imageShape
        case .images(let dataset): dataset.imageShape
        case .statistics: nil
        }
    }

    /// The images of a seed; nil of statistics.
    func source(seed: UInt64, count: Int) -> ImageSource? {
        switch content {
        case .model(let generation): ImageSource(generation(seed), count: count)
        case .images(let dataset): ImageSource(dataset, count: count)
        case .statistics: nil
        }
    }
}

/// How one of the two is to be opened.
struct SideRequest {
    /// Weights in `.safetensors`, a folder of Stable Diffusion, statistics in `.npz`, or a set of images in any other form.
    var path: Path
    var steps = 1
    var sampler = SamplerSettings()
    var split = DatasetSplit.test
    var count: Int
    /// How much prompts count in several steps of a folder of Stable Diffusion.
    var guidance = StableDiffusionDenoiser.usualGuidance

    private var file: URL {
        get throws {
            switch path.description {
            case Self.generator: try Bundled.generator()
            case Self.teacher: try Bundled.teacher()
            case Self.fashionMNIST: try FashionMNIST.folder()
            default: path.url
            }
        }
    }

    static let (generator, teacher) = ("bundled:generator", "bundled:teacher")
    static let fashionMNIST = "bundled:fashion-mnist"

    var isImages: Bool { kind == .images }

    private var kind: Origin.Kind {
        if path.description == Self.fashionMNIST { return .images }
        if [Self.generator, Self.teacher].contains(path.description) || isOfText { return .model }
        switch path.url.pathExtension.lowercased() {
        case "safetensors": return .model
        case "npz": return .statistics
        default: return .images
        }
    }

    private var isOfText: Bool {
        FileManager.default.fileExists(atPath: path.url.appending(path: "model_index.json").path)
    }

    /// - Parameters:
    ///   - size: the side that images are cropped and resized to; nil leaves them.
    ///   - prompts: what a folder of Stable Diffusion makes images of.
    /// - Throws: what reading the files throws, and ``CommandError`` where prompts are missing.
    func open(size: Int?, _ prompts: Prompts?, device: Device) throws -> Side {
        var origin = Origin(kind: kind, path: "\(path)", sha256: "")
        switch kind {
        case .model where isOfText: return try openTextModel(prompts, device)
        case .model:
            let denoiser = try loadDenoiser(at: file, device: device)
            (origin.count, origin.steps) = (count, steps)
            origin.sampler = steps == 1 ? nil : sampler
            origin.sha256 = try sha256(ofFile: file)
            return Side(
                content: .model { seed in
                    Generation(denoiser: denoiser, steps: steps, method: sampler.method, seed: seed)
                }, origin: origin)
        case .images:
            let dataset = try openDataset(at: file, split: split, size: size, keepsImages: false)
            (origin.count, origin.size) = (min(count, dataset.count), size)
            origin.split = split.rawValue
            return Side(content: .images(dataset), origin: origin)
        case .statistics:
            let statistics = try ReferenceStatistics(contentsOf: file)
            origin.count = statistics.imageCount
            origin.sha256 = try sha256(ofFile: file)
            return Side(content: .statistics(statistics), origin: origin)
        }
    }

    private func openTextModel(_ prompts: Prompts?, _ device: Device) throws -> Side {
        guard let prompts else {
            throw CommandError("\(path) makes images of text: name a file of prompts with --prompts.")
        }
        let model = try StableDiffusion(folder: path.url, device: device)
        let scheduler = model.folder.scheduler
        if steps > 1 { try scheduler.check(steps: steps) }
        let denoiser = model.denoiser(guidance: steps == 1 ? 1 : guidance)
        let sums = try StableDiffusionFolder.parts.map { part in
            try sum(ofFilesIn: path.url.appending(path: part)) { !$0.hasPrefix(".") }
        }
        var origin = Origin(kind: .model, path: "\(path)", sha256: sha256(Data(sums.joined().utf8)))
        (origin.count, origin.steps, origin.guidance) = (count, steps, denoiser.guidance)
        origin.sampler = steps == 1 ? nil : SamplerSettings(scheduler)
        let used = prompts.of(0..<min(count, prompts.texts.count))
        warnOfLongPrompts(model.promptEncoder.tokens(of: used).count { $0.droppedCount > 0 })
        return Side(
            content: .model { seed in
                Generation(
                    denoiser: denoiser, scheduler: scheduler, autoencoder: model.autoencoder, steps: steps,
                    seed: seed
                ) { model.promptEncoder(prompts.of($0)).vectors }
            }, origin: origin)
    }
}

extension SideRequest {
    /// Opens again what a card tells of.
    init(_ origin: Origin) {
        path = Path(argument: origin.path)
        steps = origin.steps ?? 1
        sampler = origin.sampler ?? SamplerSettings()
        split = origin.split.flatMap(DatasetSplit.init) ?? .test
        count = origin.count ?? 2
        guidance = origin.guidance ?? guidance
    }
}
