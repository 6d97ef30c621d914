// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Export
import Files
public import Foundation
import Models
import OrderedCollections
import Torch
import Weights

/// Writes a one-step generator of images of text for other programs: a folder that diffusers'
/// `StableDiffusionPipeline.from_pretrained` loads, for `num_inference_steps=1` and `guidance_scale=0`, or one file for A1111, ComfyUI and
/// stable-diffusion.cpp.
public struct ExportGenerator: Job {
    /// The generator: the folder `generator` of a run that distilled a folder of Stable Diffusion.
    public var generator: URL
    /// The folder or file to write; an older generator there is replaced.
    public var out: URL
    /// What to write.
    public var format: Format
    /// The type of all weights.
    public var type: NumberType
    /// A prompt; `example.safetensors` then holds noise and the image that comes of it, to test other programs by.
    public var example: String?
    /// Where it computes.
    public var compute: ComputeSettings

    /// What can be written.
    public enum Format: String, Sendable, CaseIterable {
        /// A folder in the layout of diffusers.
        case diffusers
        /// One safetensors file by the names of CompVis' latent diffusion models.
        case ldm
    }

    /// An export; see the properties.
    public init(
        _ generator: URL, to out: URL, format: Format = .diffusers, type: NumberType = .float32,
        example: String? = nil, compute: ComputeSettings = .cpu
    ) {
        (self.generator, self.out, self.type, self.example) = (generator, out, type, example)
        self.format = format
        self.compute = compute
    }

    /// Writes the folder or the file.
    public func run(in context: JobContext) throws -> URL {
        if format == .ldm { return try writeFile() }
        try requireWritable(folder: out)
        try copyOneStepModel(generator, to: out, dtype: type.dtype)
        try context.check()
        if let example { try write(example) }
        return out
    }

    private func writeFile() throws -> URL {
        try refuse(["example": example], "is for the format diffusers")
        guard out.pathExtension == "safetensors" else {
            throw SettingError(
                "out", "is \(out.relativePath)", "give a name in .safetensors for the format ldm")
        }
        try requireWritable(file: out)
        try OneStepContract(of: generator).checkWeights(in: generator)
        try writeSingleFile(of: generator, to: out, dtype: type.dtype)
        return out
    }

    /// Writes what the exported weights make of noise and a prompt.
    private func write(_ prompt: String) throws {
        let model = try StableDiffusion(folder: out, device: compute.device)
        let noise = sampleNoise([0], seed: 0, shape: try model.folder.latentShape()).to(compute.device)
        let latents = model.folder.scheduler.sample(
            model.denoiser(), noise: noise, given: model.promptEncoder([prompt]).condition, steps: 1)
        let tensors: OrderedDictionary = [
            "noise": noise, "latents": latents, "image": model.autoencoder.decodeEach(latents),
        ]
        try SafetensorsFile.write(
            tensors, metadata: ["prompt": prompt], to: out.appending(path: "example.safetensors"))
    }
}

/// The type in which numbers with a fraction are stored.
public enum NumberType: String, Sendable, CaseIterable {
    case float32, float16, bfloat16

    var dtype: DType {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        }
    }
}
