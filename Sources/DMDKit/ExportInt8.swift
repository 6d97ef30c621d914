// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Encoders
import Export
import Files
public import Foundation
import Models
public import Torch
import Weights

/// Writes a generator with most of its weights, and of its products on the CPU, in whole numbers of eight bits: a file or a folder for this
/// software, smaller and faster. The layers are chosen by what they do to images, see `Int8Choice`; whatever has an effect of its own,
/// such as the first and the last convolution, mostly stays as it is.
public struct ExportInt8: Job {
    /// A file of weights, or the folder `generator` of a run that distilled a folder of Stable Diffusion.
    public var generator: URL
    /// The file or folder to write; an older generator there is replaced.
    public var out: URL
    /// How far images may be from the generator's: the root of the mean of squares, as a share of the images' own deviation; 0.001 to 0.5.
    public var tolerance = 0.015
    /// Prompts by which layers are tried; needed by a generator of images of text.
    public var prompts: [String]?
    /// Where it computes: on the CPU.
    public var compute: ComputeSettings

    /// An export; see the properties.
    public init(_ generator: URL, to out: URL, compute: ComputeSettings = .cpu) {
        (self.generator, self.out, self.compute) = (generator, out, compute)
    }

    /// What was written.
    public struct Output: Sendable {
        /// The file or folder.
        public let place: URL
        /// What became of the layers of each network, by the network's name.
        public let networks: KeyValuePairs<String, Int8Choice.Report>

        /// A line for each network.
        public var lines: [String] {
            networks.map { name, report in
                String(
                    format:
                        "of the \(name) %d of %d layers, %.0f %% of their products; %.2f %% from what it made before",
                    report.layers, report.tried, 100 * report.work, 100 * report.error)
            }
        }
    }

    /// Chooses the layers, and writes the generator.
    public func run(in context: JobContext) throws -> Output {
        guard (0.001...0.5).contains(tolerance) else {
            throw SettingError("tolerance", "is \(tolerance)", "give 0.001 to 0.5")
        }
        guard compute.device == .cpu else {
            throw SettingError(
                "device", "is \(compute.device)", "leave it out: products of eight bits are made on the CPU")
        }
        guard LibTorch.hasInt8 else {
            throw KitError("This libtorch has no products of eight bits: use one that was built with oneDNN.")
        }
        guard out.standardizedFileURL.path != generator.standardizedFileURL.path else {
            throw SettingError(
                "out", "is the generator itself", "give another name: int8 does not become float32 again")
        }
        return isFolder(generator) ? try writeFolder(context) : try writeFile(context)
    }

    private func writeFile(_ context: JobContext) throws -> Output {
        if prompts != nil {
            throw SettingError("prompts", "mean nothing to a model without text", "leave them out")
        }
        guard out.pathExtension == "safetensors" else {
            throw SettingError("out", "is \(out.relativePath)", "give a name in .safetensors")
        }
        try requireWritable(file: out)
        let use = try WeightsUse(of: generator)
        guard use.role != .teacher else {
            throw KitError(
                "\(generator.relativePath) is a teacher, whose errors of many steps add up: distil it first, and name the generator."
            )
        }
        let denoiser = try loadDenoiser(at: generator)
        try requireFloats(denoiser, of: generator)
        let (steps, method) = try Sampling().steps(of: use)
        try method.check(denoiser, of: generator)
        let maker = ImageMaker(denoiser: denoiser, steps: steps, method: method, seed: Self.seed)
        let report = try choose(denoiser, "layers", context) { maker(0..<maker.batch) }
        try requireAny([report])
        try saveDenoiser(
            denoiser, to: out, metadata: WeightsUse(role: .generator, levels: use.levels).metadata)
        return Output(place: out, networks: ["network": report])
    }

    private func writeFolder(_ context: JobContext) throws -> Output {
        guard let prompts, !prompts.isEmpty else {
            throw SettingError(
                "prompts", "are missing, by which the layers of \(generator.relativePath) are tried",
                "give some")
        }
        try requireReplaceable(out)
        try requireWritable(folder: out)
        let contract = try OneStepContract(of: generator)
        try contract.requireFloats(in: generator)
        try contract.checkWeights(in: generator)
        let model = try StableDiffusion(folder: generator)
        let shape = try model.folder.latentShape()
        let images = Array(0..<max(2, min(64, 8192 / (shape[1] * shape[2]))))
        let condition = model.promptEncoder(images.map { prompts[$0 % prompts.count] }).condition
        let noise = sampleNoise(images, seed: Self.seed, shape: shape)
        let sample = { [denoiser = model.denoiser()] in
            model.folder.scheduler.sample(
                denoiser, noise: noise, given: condition, steps: model.folder.usualSteps
            ) { freshNoise(images, seed: Self.seed, shape: shape, step: $0) }
        }
        let latents = compute.run { withoutGradients(sample) }
        let unet = try choose(model.unet, "layers of the U-Net", context, sample)
        let decoder = try choose(model.autoencoder, "layers of the decoder", context) {
            model.autoencoder.decodeEach(latents)
        }
        try requireAny([unet, decoder])
        try saveInt8Model(model.unet, model.autoencoder, of: generator, to: out)
        return Output(place: out, networks: ["U-Net": unet, "decoder": decoder])
    }

    private func choose(
        _ network: some Module, _ title: String, _ context: JobContext, _ results: @escaping () -> Tensor
    ) throws -> Int8Choice.Report {
        var counter: ProgressCounter?
        let choice = Int8Choice(for: network, tolerance: tolerance) {
            let made = results()
            try context.check()
            return made
        }
        let report = try compute.run {
            try choice.run { done, total in
                var current = counter ?? context.counter(title, total: total, unit: "evaluation")
                current.update(done)
                counter = current
            }
        }
        counter?.finish()
        return report
    }

    /// - Throws: ``KitError`` where no layer was chosen at all.
    private func requireAny(_ reports: [Int8Choice.Report]) throws {
        guard reports.allSatisfy({ $0.layers == 0 }) else { return }
        throw KitError(
            "Of \(generator.relativePath) no layer can take int8 within a tolerance of \(tolerance): allow more, or leave it as it is."
        )
    }

    /// That of the noise by which layers are tried: other than what people look at.
    private static let seed: UInt64 = 0x1387
}

/// - Throws: ``KitError`` for a network with weights in int8, which is for making images alone.
func requireFloats(_ network: some Module, of place: URL) throws {
    guard network.hasInt8 else { return }
    throw KitError(
        "\(place.relativePath) has weights in int8, which are for making images alone: name the model that it was exported from."
    )
}
