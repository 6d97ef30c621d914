// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Files
import Foundation
import Images
import Models
import Torch

/// Images with captions as the discriminator of a text-to-image teacher sees them: latents, which the autoencoder makes once, with
/// the vectors of their captions. Both are kept in a folder.
struct CaptionedImages: RealImages {
    private let latents: KeptTensors
    private let captions: PromptVectors

    /// What a folder of latents is made of.
    private struct Manifest: Codable, Equatable {
        let count: Int
        let shape: [Int]
        /// The sum of some of the images, evenly spread.
        let images: String
        let autoencoder: String
    }

    /// Opens a folder, and makes what it lacks.
    ///
    /// - Parameters:
    ///   - dataset: images of the teacher's size.
    ///   - captions: a vector for each.
    ///   - fingerprint: tells the autoencoder from all others.
    /// - Throws: ``KitError`` for a folder of other latents, and what reading the images throws.
    init(
        _ dataset: any ImageDataset, _ captions: PromptVectors, encoder: any ImageAutoencoder,
        fingerprint: String, in folder: URL, device: Device, _ context: JobContext
    ) throws {
        let some = Array(Set((0..<64).map { $0 * (dataset.count - 1) / 63 })).sorted()
        let images = sha256(try dataset.images(at: some).withUnsafeBytes { Data($0) })
        let manifest = Manifest(
            count: dataset.count, shape: dataset.imageShape, images: images, autoencoder: fingerprint)
        let url = folder.appending(path: "latents.json")
        try beginFolder(folder, manifest: manifest, at: url)
        guard let found = try? JSONDecoder.file.decode(Manifest.self, from: contents(of: url)) else {
            throw KitError("\(url.relativePath) is damaged: remove it, and the latents are made again.")
        }
        guard found == manifest else {
            throw KitError(
                "\(folder.relativePath) holds the latents of other images, or of another autoencoder: remove it, or name another folder."
            )
        }
        var progress: ProgressCounter?
        do {
            latents = try KeptTensors(in: folder, named: "latents", count: dataset.count) { range in
                let images = (try dataset.images(at: Array(range)).to(.float32) / 127.5 - 1).to(device)
                return encoder.encodeEach(images)
            } progress: { done, total in
                progress = progress ?? context.counter("latents", total: total, done: done, unit: "image")
                progress?.update(done)
                try context.check()
            }
        } catch let damage as KeptTensors.Damage {
            throw KitError("\(damage.file) is damaged: remove it, and it is made again.")
        }
        progress?.finish()
        self.captions = captions
    }

    var count: Int { latents.count }

    func callAsFunction(_ numbers: [Int]) -> (samples: Tensor, condition: Condition?) {
        (latents(numbers), captions(numbers))
    }
}

/// Zeros in the place of latents, to try out what a step costs.
struct TrialImages: RealImages {
    let shape: [Int]
    let conditions: (any ConditionSource)?

    var count: Int { 1_024 }

    func callAsFunction(_ numbers: [Int]) -> (samples: Tensor, condition: Condition?) {
        (
            .zeros([numbers.count] + shape),
            conditions.map { source in source(numbers.map { $0 % source.count }) }
        )
    }
}
