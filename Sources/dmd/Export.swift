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

            With --int8 the generator stays one for dmd, a file or a folder as it was, less than half as large and about twice as fast on CPUs. \
            Layers that would change the images most keep their weights.
            """)

    @Argument(
        help: """
            The generator: the folder `generator` of a run that distilled a folder of Stable Diffusion, or for onnx also a \
            file of weights, generator.safetensors.
            """)
    var model: Path

    @Option(help: "The format to write (default: diffusers).")
    var format: ExportGenerator.Format?

    @Flag(
        help: "Write the generator for dmd, with whole numbers of eight bits for the weights of most layers.")
    var int8 = false

    @Option(
        parsing: .unconditional,
        help: """
            With --int8: how far images may be from the generator's, as a share of their deviation, in the root of the mean of \
            squares (default: 0.015).
            """)
    var tolerance: Double?

    @Option(
        help:
            "With --int8: a file of prompts by which the layers of a model of images of text are tried; see `dmd sample --help`."
    )
    var prompts: Path?

    @Option(help: "The folder to write, or the .safetensors file; an older generator there is replaced.")
    var out: Path

    @Option(help: "The type of all weights: float32, float16 or bfloat16 (default: float32).")
    var dtype: NumberType?

    @Option(
        help: ArgumentHelp(
            "Also write example.safetensors, to test other programs by: noise, and the image that comes of it.",
            valueName: "prompt"))
    var example: String?

    @OptionGroup var compute: ComputeOptions

    func validate() throws {
        let (others, own) =
            int8
            ? ("--int8", [("format", format != nil), ("dtype", dtype != nil), ("example", example != nil)])
            : ("a format", [("tolerance", tolerance != nil), ("prompts", prompts != nil)])
        guard let given = own.first(where: \.1) else { return }
        throw ValidationError("--\(given.0) has no meaning with \(others): leave one of them out.")
    }

    func run() async throws {
        if int8 { return try await runInt8() }
        let (format, dtype) = (format ?? .diffusers, dtype ?? .float32)
        let job = try Terminal.settings {
            ExportGenerator(
                model.url, to: out.url, format: format, type: dtype, example: example,
                compute: try compute.settings())
        }
        _ = try await Terminal.run(job)
        print("\(out): a generator in the format of \(format.rawValue), \(dtype.rawValue)")
    }

    private func runInt8() async throws {
        let job = try Terminal.settings {
            var job = ExportInt8(model.url, to: out.url, compute: try compute.settings())
            if let tolerance { job.tolerance = tolerance }
            job.prompts = try prompts.map { try TextSettings(promptsIn: $0.url).prompts }
            return job
        }
        let made = try await Terminal.run(job)
        print("\(out): a generator in int8")
        for line in made.lines { print("  \(line)") }
    }
}

extension NumberType: ExpressibleByArgument {}
extension ExportGenerator.Format: ExpressibleByArgument {}
