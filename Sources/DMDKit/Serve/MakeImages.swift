// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
public import Foundation
import Images
import Models
import Torch

/// Makes images with a model that is in memory, for one or more requests that go through the network together.
public struct MakeImages: Job {
    /// The model.
    public var model: ImageModel
    /// What is asked for; see ``ImageModel/canJoin(_:_:)``.
    public var requests: [ImageRequest]
    /// Images that are made at once, at most.
    public var batch = 64
    /// Where it computes.
    public var compute: ComputeSettings

    /// Images of some requests.
    public init(_ requests: [ImageRequest], by model: ImageModel, compute: ComputeSettings = .cpu) {
        (self.requests, self.model, self.compute) = (requests, model, compute)
    }

    /// What was made.
    public struct Output: Sendable {
        /// The PNG files of each request.
        public let images: [[Data]]
        /// Evaluations of the network for an image.
        public let evaluations: Int
        /// How long all of them took.
        public let seconds: Double
        /// What should be known of them, in sentences.
        public let warnings: [String]
    }

    /// One image among those of all requests.
    private struct Item {
        let request: ImageRequest
        let index: Int
    }

    /// Makes them. When the job is stopped, the network is not evaluated again.
    ///
    /// - Throws: ``SettingError`` for a request that the model cannot meet, or that does not go with the first.
    public func run(in context: JobContext) throws -> Output {
        let ways = try requests.map(model.way)
        guard let way = ways.first, ways.allSatisfy({ $0 == way }) else {
            throw SettingError("requests", "do not go through the network together", "make them in turn")
        }
        let items = requests.flatMap { request in
            (0..<request.count).map { Item(request: request, index: $0) }
        }
        let start = ContinuousClock.now
        let (maker, warnings) = maker(of: items, way, context)
        var files: [Data] = []
        for first in stride(from: 0, to: items.count, by: maker.atOnce) {
            let range = first..<min(first + maker.atOnce, items.count)
            let images = Image.images(from: maker.images(range))
            try context.check()
            for (image, item) in zip(images, items[range]) {
                files.append(try image.pngData(text: notes(of: item.request)))
            }
        }
        var images: [[Data]] = []
        for request in requests {
            images.append(Array(files.prefix(request.count)))
            files.removeFirst(request.count)
        }
        return Output(
            images: images, evaluations: maker.images.evaluations,
            seconds: (ContinuousClock.now - start) / .seconds(1), warnings: warnings)
    }

    private func notes(of request: ImageRequest) -> [(key: String, value: String)] {
        var notes = request.notes
        notes["prompt"] = request.prompt
        return notes.sorted { $0.key < $1.key }.map { (key: $0.key, value: $0.value) }
    }

    private func maker(
        of items: [Item], _ way: ImageModel.Way, _ context: JobContext
    ) -> (maker: (images: ImageMaker, atOnce: Int), warnings: [String]) {
        let noise = ImageNoise(
            items.map { ImageNoise.Origin(seed: $0.request.seed, index: $0.index, blend: $0.request.blend) })
        switch model.network {
        case .pixels(let denoiser, _):
            let classCount = denoiser.classCount
            let labels = items.map { $0.request.label ?? (classCount == 0 ? 0 : $0.index % classCount) }
            let maker = ImageMaker(
                denoiser: Stoppable(denoiser, by: context), steps: way.steps, method: way.method, noise: noise
            ) { labels[$0] }
            return ((maker, min(batch, maker.batch)), [])
        case .text(let model):
            let (conditions, warnings) = conditions(items, model)
            let unconditional = model.promptEncoder([way.negativePrompt]).condition
            let network = StableDiffusionDenoiser(
                model.unet, scheduler: model.folder.scheduler, sampleShape: way.shape)
            let maker = ImageMaker(
                denoiser: Guided(
                    Stoppable(network, by: context), guidance: way.guidance, unconditional: unconditional),
                scheduler: model.folder.scheduler, autoencoder: model.autoencoder, steps: way.steps,
                noise: noise, condition: conditions)
            let parallel = compute.device == .cpu ? min(batch, LibTorch.threads) : batch
            return ((maker, parallel), warnings)
        }
    }

    /// What the prompts of images say, by the images' numbers.
    private func conditions(
        _ items: [Item], _ model: StableDiffusion
    ) -> (conditions: @Sendable ([Int]) -> Condition?, warnings: [String]) {
        let prompts = items.map { $0.request.prompt ?? "" }
        let different = Array(Set(prompts)).sorted()
        let (condition, dropped) = model.promptEncoder(different)
        let device = compute.device
        let places = prompts.map { different.firstIndex(of: $0) ?? 0 }
        let warnings = zip(different, dropped).filter { $0.1 > 0 }.map {
            "The prompt '\($0.0.prefix(40))...' is too long: its last \($0.1) tokens are ignored."
        }
        return ({ condition.indexed(by: Tensor($0.map { places[$0] }, device: device)) }, warnings)
    }
}
