// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Distillation
public import Evaluation
public import Foundation
import Models
import OrderedCollections
public import Torch
import Weights

/// A teacher whose samples are images: one of EDM's, or a network of your own.
public struct PixelTeacher<Network: Denoiser>: TeacherModel {
    /// The teacher.
    public let network: Network
    /// Tells its weights from all others.
    public let fingerprint: String

    /// Makes a teacher of a network that was loaded.
    public init(_ network: Network) {
        self.network = network
        fingerprint = Weights.fingerprint(of: network.state)
    }

    /// What its samples are conditioned on besides classes.
    public var conditions: (any ConditionSource)? { nil }
    /// Those of its conditions that are prompts.
    public var prompts: PairDescription.Prompts? { nil }
    /// `[C, H, W]` of the images.
    public var imageShape: [Int] { network.sampleShape }
    /// The deterministic sampler in words.
    public func samplerName(steps: Int) -> String { "heun, \(steps) steps" }

    /// Samples of noise by that sampler.
    public func samples(of z: Tensor, given condition: Condition?, steps: Int) -> Tensor {
        withoutGradients {
            inParts(z, given: condition) { SamplingMethod.heun.samples(network, $0, $1, steps: steps) }
        }
    }

    /// The images of samples, without gradient.
    public func images(of samples: Tensor) -> Tensor { samples }

    /// LPIPS between the images of samples.
    public func distances(_ lpips: LPIPS) -> (full: Distance, tiny: Distance?) { ({ lpips($0, $1) }, nil) }

    /// Images by the teacher, in some steps.
    public func imageMaker(steps: Int, seed: UInt64) -> ImageMaker {
        ImageMaker(denoiser: network, steps: steps, seed: seed)
    }

    /// Images by a generator.
    public func imageMaker(_ generator: Generator<Network.Replica>, seed: UInt64) -> ImageMaker {
        ImageMaker(
            denoiser: generator.network, steps: generator.levels.count,
            method: .generator(levels: generator.levels), seed: seed)
    }

    /// Reads the network of a generator.
    public func generator(at url: URL) throws -> Network.Replica {
        let generator = network.replica(sharing: .nothing)
        do {
            try generator.load(SafetensorsFile(url).all())
        } catch let mismatch as StateMismatch {
            throw KitError("\(url.relativePath) is no generator of this teacher: \(mismatch)")
        }
        return generator
    }

    /// Writes a generator.
    public func save(
        _ generator: Generator<Network.Replica>, as name: String, in folder: URL, metadata: [String: String]
    ) throws -> URL {
        let file = folder.appending(path: "\(name).safetensors")
        let use = WeightsUse(role: .generator, levels: generator.levels)
        let metadata = metadata.merging(use.metadata) { $1 }
        if let denoiser = generator.network as? EDMDenoiser {
            try saveDenoiser(denoiser, to: file, metadata: metadata)
        } else {
            try SafetensorsFile.write(generator.network.state, metadata: metadata, to: file)
        }
        return file
    }
}
