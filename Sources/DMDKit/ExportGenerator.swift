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

/// Writes a generator for other programs. One of images of text becomes a folder that diffusers'
/// `StableDiffusionPipeline.from_pretrained` loads, for `num_inference_steps=1` and `guidance_scale=0`, or one file for A1111, ComfyUI and
/// stable-diffusion.cpp; any becomes ONNX.
public struct ExportGenerator: Job {
    /// The generator: the folder `generator` of a run that distilled a folder of Stable Diffusion; for ONNX also a file of weights.
    public var generator: URL
    /// The folder or file to write; an older generator there is replaced.
    public var out: URL
    /// What to write.
    public var format: Format
    /// The type that weights are stored as; all of a folder for diffusers, and for ONNX float32 or float16.
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
        /// A folder with ONNX's models. Of a generator of images of text it is in the layout of optimum's pipelines.
        case onnx
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
        switch format {
        case .diffusers: return try writeDiffusers(in: context)
        case .ldm: return try writeFile()
        case .onnx: return try writeONNX()
        }
    }

    private func writeDiffusers(in context: JobContext) throws -> URL {
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
        let contract = try OneStepContract(of: generator)
        try contract.requireFloats(in: generator)
        try contract.checkWeights(in: generator)
        try writeSingleFile(of: generator, to: out, dtype: type.dtype)
        return out
    }

    private func writeONNX() throws -> URL {
        try refuse(["example": example], "is for the format diffusers")
        guard type != .bfloat16 else {
            throw SettingError(
                "type", "is bfloat16, which few engines of ONNX compute with", "give float32 or float16")
        }
        try requireWritable(folder: out)
        if isFolder(generator) {
            try writeONNXFolder(ofModel: generator, to: out, weightType: type.dtype)
            return out
        }
        let use = try WeightsUse(of: generator)
        guard use.role != .teacher else {
            throw KitError(
                "\(generator.relativePath) is a teacher, which takes many steps: distil it first, and name the generator."
            )
        }
        let denoiser = try loadDenoiser(at: generator)
        try requireFloats(denoiser, of: generator)
        if let levels = use.levels {
            try SamplingMethod.generator(levels: levels).check(denoiser, of: generator)
        }
        try writeONNXFolder(
            of: Generator(denoiser, levels: use.levels), to: out, weightType: type.dtype)
        return out
    }

    /// Writes what the exported weights make of noise and a prompt.
    private func write(_ prompt: String) throws {
        let model = try StableDiffusion(folder: out, device: compute.device)
        let (shape, steps) = (try model.folder.latentShape(), model.folder.usualSteps)
        var noises: OrderedDictionary = ["noise": sampleNoise([0], seed: 0, shape: shape).to(compute.device)]
        for step in 1..<max(1, steps) {
            noises["noise.\(step)"] = freshNoise([0], seed: 0, shape: shape, step: step).to(compute.device)
        }
        let latents = model.folder.scheduler.sample(
            model.denoiser(), noise: noises.values[0], given: model.promptEncoder([prompt]).condition,
            steps: steps
        ) { noises.values[$0] }
        var tensors = noises
        (tensors["latents"], tensors["image"]) = (latents, model.autoencoder.decodeEach(latents))
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
