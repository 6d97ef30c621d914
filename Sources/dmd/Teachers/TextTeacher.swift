// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Distillation
import Evaluation
import Export
import Foundation
import Models
import Torch
import Training
import Weights

/// A text-to-image teacher, whose samples are latents.
struct TextTeacher: TeacherModel {
    let network: StableDiffusionDenoiser
    let fingerprint: String
    let conditions: (any Conditions)?
    private let folder: StableDiffusionFolder
    private let autoencoder: any ImageAutoencoder
    private let tinyDecoder: (any ImageAutoencoder)?
    private let guidance: Double

    /// Loads a model, and makes the vectors of its prompts where they are not kept already.
    ///
    /// - Parameters:
    ///   - guidance: the weight of classifier-free guidance in the teacher.
    ///   - tinyDecoder: the folder of a tiny autoencoder.
    ///   - trialCount: for a trial, the number of prompts that suffice; nothing is then kept.
    /// - Returns: nil if the process was asked to stop.
    init?(
        folder: URL, _ options: TeacherPrompts, guidance: Double, tinyDecoder: Path?, trialCount: Int? = nil,
        device: Device
    ) throws {
        let prompts = try options.read()
        let folder = try StableDiffusionFolder(folder)
        self.folder = folder
        self.guidance = guidance
        autoencoder = try folder.loadAutoencoder(device: device)
        self.tinyDecoder = try tinyDecoder.map { try folder.loadAutoencoder(from: $0.url, device: device) }
        let encoder = try folder.loadPromptEncoder(device: device)
        network = StableDiffusionDenoiser(
            try folder.loadUNet(device: device), unconditional: encoder([""]).vectors, guidance: guidance,
            scheduler: folder.scheduler)
        fingerprint = Weights.fingerprint(of: network.state)
        if let trialCount {
            conditions = TensorConditions(
                encoder(Array(prompts.prefix(trialCount))).vectors.to(Device.cpu))
        } else {
            guard let vectors = try Self.vectors(of: prompts, encoder, in: options.folder) else { return nil }
            conditions = vectors
        }
    }

    private static func vectors(of prompts: [String], _ encoder: PromptEncoder, in folder: URL) throws
        -> PromptVectors?
    {
        var progress: ProgressReport?
        var droppedCount = 0
        let vectors = try PromptVectors(
            in: folder, of: prompts, encoder: Weights.fingerprint(of: encoder.network.state),
            encode: { texts in
                let (vectors, dropped) = encoder(texts)
                droppedCount += dropped.count { $0 > 0 }
                return vectors
            },
            progress: { done, total in
                progress = progress ?? ProgressReport("prompts", total: total, done: done, unit: "prompt")
                progress?.update(done)
                return !Interrupt.isRequested
            })
        progress?.finish()
        warnOfLongPrompts(droppedCount)
        return vectors
    }

    /// - Throws: `StableDiffusionError` if the model's sampler cannot take so many steps.
    func checkSteps(_ steps: Int) throws { try folder.scheduler.check(steps: steps) }

    var prompts: PairDescription.Prompts? {
        conditions.map { PairDescription.Prompts($0, guidance: guidance) }
    }

    var imageShape: [Int] { autoencoder.imageShape(ofLatents: network.sampleShape) }

    func makeNetwork() -> StableDiffusionDenoiser { network.untrained() }

    func samplerName(steps: Int) -> String { "\(folder.scheduler.sampler.rawValue), \(steps) steps" }

    func samples(of z: Tensor, condition: Tensor?, steps: Int) -> Tensor {
        network.latents(of: z, condition, by: folder.scheduler, steps: steps)
    }

    func images(of samples: Tensor) -> Tensor { autoencoder.decodeEach(samples) }

    func distances(_ lpips: LPIPS) -> (full: Distance, tiny: Distance?) {
        func distance(through decoder: any ImageAutoencoder) -> Distance {
            { generated, target in
                lpips(decoder.decode(generated), withoutGradients { decoder.decode(target) })
            }
        }
        return (distance(through: autoencoder), tinyDecoder.map(distance))
    }

    func generation(of network: StableDiffusionDenoiser, steps: Int, seed: UInt64) -> Generation {
        Generation(
            denoiser: network, scheduler: folder.scheduler, autoencoder: autoencoder, steps: steps, seed: seed
        ) { indices in conditions.map { conditions in conditions(indices.map { $0 % conditions.count }) } }
    }

    func save(
        _ generator: StableDiffusionDenoiser, as name: String, in folder: URL, metadata: [String: String]
    ) throws -> URL {
        let place = folder.appending(path: name)
        try saveOneStepModel(generator.unet, teacher: self.folder.url, to: place, guidance: guidance)
        return place
    }
}
