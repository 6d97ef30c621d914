// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Diffusion
import Export
import Foundation
import Models
import OrderedCollections
import Torch
import Weights

/// Writes a one-step generator for other programs.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a one-step generator of images of text for other programs.",
        discussion: """
            The format diffusers is a folder that `StableDiffusionPipeline.from_pretrained` loads, for \
            num_inference_steps=1 and guidance_scale=0. Its contract.json says all that a program must know, and the \
            SHA-256 of each file of weights.
            """)

    @Argument(
        help: "The generator: the folder `generator` of a run that distilled a folder of Stable Diffusion.")
    var model: Path

    @Option(help: "The format to write.")
    var format = Format.diffusers

    @Option(help: "The folder to write; an older generator there is replaced.")
    var out: Path

    @Option(help: "The type of all weights: float32, float16 or bfloat16.")
    var dtype = Convert.StoredType.float32

    @Option(
        help: ArgumentHelp(
            "Also write example.safetensors, to test other programs by: noise, and the image that comes of it.",
            valueName: "prompt"))
    var example: String?

    @OptionGroup var compute: ComputeOptions

    enum Format: String, ExpressibleByArgument, CaseIterable { case diffusers }

    func run() throws {
        let device = try compute.resolved()
        try copyOneStepModel(model.url, to: out.url, dtype: dtype.dtype)
        if let example { try write(example, on: device) }
        print("\(out): a one-step generator in the format of \(format.rawValue), \(dtype.rawValue)")
    }

    /// Writes what the exported weights make of noise and a prompt.
    private func write(_ prompt: String, on device: Device) throws {
        let model = try StableDiffusion(folder: out.url, device: device)
        let noise = sampleNoise([0], seed: 0, shape: try model.folder.latentShape()).to(device)
        let latents = model.folder.scheduler.sample(
            model.denoiser(), noise: noise, condition: model.promptEncoder([prompt]).vectors, steps: 1)
        let tensors: OrderedDictionary = [
            "noise": noise, "latents": latents, "image": model.autoencoder.decodeEach(latents),
        ]
        try SafetensorsFile.write(
            tensors, metadata: ["prompt": prompt], to: out.url.appending(path: "example.safetensors"))
    }
}
