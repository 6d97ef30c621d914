// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import ArgumentParser
import DMDKit

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a generator for other programs.",
        discussion: """
            The format diffusers is a folder that `StableDiffusionPipeline.from_pretrained` loads, for \
            num_inference_steps=1 and guidance_scale=0. Its contract.json says all that a program must know, and the \
            SHA-256 of each file of weights. The format ldm is one file for A1111, ComfyUI and stable-diffusion.cpp, which \
            sample it by LCM in 1 step at a CFG scale of 1; --dtype float16 makes it half as large.

            The format onnx is a folder for ONNX Runtime, OpenVINO and others. Of a generator of images it has model.onnx, \
            the weights in model.safetensors, and example.safetensors, inputs and the image that is to come of them. Of \
            images of text it is what optimum's ORTDiffusionPipeline loads.
            """)

    @Argument(
        help: """
            The generator: the folder `generator` of a run that distilled a folder of Stable Diffusion, or for onnx also a \
            file of weights, generator.safetensors.
            """)
    var model: Path

    @Option(help: "The format to write.")
    var format = ExportGenerator.Format.diffusers

    @Option(help: "The folder to write, or the .safetensors file; an older generator there is replaced.")
    var out: Path

    @Option(help: "The type of all weights: float32, float16 or bfloat16.")
    var dtype = NumberType.float32

    @Option(
        help: ArgumentHelp(
            "Also write example.safetensors, to test other programs by: noise, and the image that comes of it.",
            valueName: "prompt"))
    var example: String?

    @OptionGroup var compute: ComputeOptions

    func run() async throws {
        let job = try Terminal.settings {
            ExportGenerator(
                model.url, to: out.url, format: format, type: dtype, example: example,
                compute: try compute.settings())
        }
        _ = try await Terminal.run(job)
        print("\(out): a generator in the format of \(format.rawValue), \(dtype.rawValue)")
    }
}

extension NumberType: ExpressibleByArgument {}
extension ExportGenerator.Format: ExpressibleByArgument {}
