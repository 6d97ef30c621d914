// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("Folders of Stable Diffusion", .serialized)
final class StableDiffusionTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

    init() throws { try FileManager.default.copyItem(at: fixture("stable-diffusion"), to: folder) }

    deinit { try? FileManager.default.removeItem(at: folder) }

    @Test(
        "prompts give the images that diffusers makes of the same noise",
        arguments: [
            "PNDMScheduler", "DDIMScheduler", "DPMSolverMultistepScheduler", "EulerDiscreteScheduler",
        ])
    func parity(sampler: String) throws {
        let file = try SafetensorsFile(fixture("stable-diffusion-images.safetensors"))
        struct Made: Decodable {
            let prompts: [String]
            let negative: String
            let guidance: Double
            let steps: Int
            let schedulers: [String: String]
        }
        let made = try JSONDecoder().decode(Made.self, from: Data(try #require(file.metadata["made"]).utf8))
        try replace("scheduler/scheduler_config.json", with: try #require(made.schedulers[sampler]))
        let model = try StableDiffusion(folder: folder)
        let embeddings = model.promptEncoder(made.prompts)
        #expect(embeddings.droppedCounts == [0, 0])
        #expect(
            relativeDifference(try #require(embeddings.condition.context), try file.tensor("embeddings"))
                < 1e-5)
        let denoiser = model.denoiser(guidance: made.guidance, negativePrompt: made.negative)
        let latents = model.folder.scheduler.sample(
            denoiser, noise: try file.tensor("z"), given: embeddings.condition, steps: made.steps)
        #expect(relativeDifference(latents, try file.tensor("\(sampler).latents")) < 1e-5)
        #expect(
            relativeDifference(model.autoencoder.decode(latents), try file.tensor("\(sampler).images")) < 1e-5
        )
    }

    @Test("an image depends on its prompt and its number alone")
    func images() throws {
        let model = try StableDiffusion(folder: folder)
        #expect(model.folder.sizeUnit == 4 && model.folder.trainedHeight == 16)
        let both = try model.images(of: ["ab", "c"], seed: 3, steps: 3, height: 8, width: 12)
        #expect(both.shape == [2, 3, 8, 12])
        let first = try model.images(of: ["ab"], seed: 3, steps: 3, height: 8, width: 12)
        #expect(relativeDifference(first, both.narrowed(dim: 0, start: 0, count: 1)) < 1e-5)
        let other = try model.images(of: ["ba"], seed: 3, steps: 3, height: 8, width: 12)
        #expect(relativeDifference(first, other) > 1e-3)
        let negative = try model.images(
            of: ["ab"], negativePrompt: "c", seed: 3, steps: 3, height: 8, width: 12)
        #expect(relativeDifference(first, negative) > 1e-3)
    }

    @Test(
        "sizes that cannot be made are refused", arguments: [(0, 8), (8, 10), (-4, 8), (8, 1 << 20)])
    func sizes(height: Int, width: Int) throws {
        let model = try StableDiffusion(folder: folder)
        let error = try #require(throws: StableDiffusionError.self) {
            try model.images(of: ["a"], height: height, width: width)
        }
        #expect(
            error.description
                == "An image of \(height) x \(width) pixels cannot be made: give a height and a width that are multiples of 4, "
                + "up to 16384.")
    }

    @Test("so are numbers of steps", arguments: [0, -1, 1000, 5000])
    func steps(steps: Int) throws {
        let model = try StableDiffusion(folder: folder)
        let error = try #require(throws: StableDiffusionError.self) {
            try model.images(of: ["a"], steps: steps)
        }
        #expect(error.description == "The sampler cannot take \(steps) steps: give from 1 to 999.")
    }

    @Test(
        "a missing subfolder is named", arguments: ["tokenizer", "text_encoder", "unet", "vae", "scheduler"])
    func missingPart(part: String) throws {
        try FileManager.default.removeItem(at: folder.appending(path: part))
        let error = try #require(throws: StableDiffusionError.self) { try StableDiffusion(folder: folder) }
        #expect(
            error.description
                == "\(folder.path) has no subfolder \(part): copy or download the whole model again.")
    }

    @Test("another kind of model is refused")
    func otherKind() throws {
        try replace("model_index.json", with: #"{"_class_name": "FluxPipeline"}"#)
        let error = try #require(throws: StableDiffusionError.self) { try StableDiffusion(folder: folder) }
        #expect(
            error.description
                == "\(folder.path)/model_index.json is of FluxPipeline, not of StableDiffusionPipeline: use a folder of Stable "
                + "Diffusion 1 or 2.")
    }

    @Test(
        "settings that no network here has are refused by name",
        arguments: [
            ("unet/config.json", #"{"act_fn": "gelu"}"#, "`act_fn` is gelu, but must be silu"),
            (
                "unet/config.json", #"{"addition_embed_type": "text_time"}"#,
                "`addition_embed_type` is set, which is not supported"
            ),
            (
                "unet/config.json", #"{"down_block_types": ["AttnDownBlock2D"]}"#,
                "`down_block_types` is AttnDownBlock2D, but must be DownBlock2D or CrossAttnDownBlock2D"
            ),
            (
                "unet/config.json", #"{"block_out_channels": [320, 640, 1280, 1290]}"#,
                "`block_out_channels` is [320, 640, 1280, 1290], but must be up to 8 even multiples of `norm_num_groups`, "
                    + "which is 32"
            ),
            (
                "unet/config.json", #"{"attention_head_dim": [8, 8]}"#,
                "`attention_head_dim` is [8, 8], but must be divisors of `block_out_channels`, which is [320, 640, 1280, "
                    + "1280]"
            ),
            (
                "unet/config.json", #"{"layers_per_block": "two"}"#,
                "`layers_per_block` is not of the type Int"
            ),
            ("vae/config.json", #"{"use_quant_conv": false}"#, "`use_quant_conv` is false, but must be true"),
            ("vae/config.json", #"{"scaling_factor": 0}"#, "`scaling_factor` is 0.0, but must be above 0"),
            (
                "text_encoder/config.json", #"{"hidden_act": "relu"}"#,
                "`hidden_act` is relu, but must be quick_gelu or gelu"
            ),
            (
                "text_encoder/config.json", #"{"num_attention_heads": 7}"#,
                "`num_attention_heads` is 7, but must be a divisor of `hidden_size`, which is 512"
            ),
            (
                "scheduler/scheduler_config.json", #"{"_class_name": "LCMScheduler", "clip_sample": true}"#,
                "`clip_sample` is true, but must be false"
            ),
            (
                "scheduler/scheduler_config.json", #"{"_class_name": "LCMScheduler", "timestep_scaling": 1}"#,
                "`timestep_scaling` is 1.0, but must be 10.0"
            ),
            (
                "scheduler/scheduler_config.json",
                #"{"_class_name": "DDIMScheduler", "rescale_betas_zero_snr": true}"#,
                "`rescale_betas_zero_snr` is true, but must be false"
            ),
            (
                "scheduler/scheduler_config.json",
                #"{"_class_name": "EulerDiscreteScheduler", "prediction_type": "sample"}"#,
                "`prediction_type` is sample, but must be one of epsilon, v_prediction"
            ),
            (
                "scheduler/scheduler_config.json",
                #"{"_class_name": "EulerDiscreteScheduler", "beta_schedule": "squaredcos_cap_v2"}"#,
                "`beta_schedule` is squaredcos_cap_v2, but must be linear or scaled_linear"
            ),
        ])
    func settings(file: String, json: String, reason: String) throws {
        try replace(file, with: json)
        let error = try #require(throws: ModelFolderError.self) { try StableDiffusion(folder: folder) }
        #expect(error == .badSettings(file: folder.appending(path: file).path, reason: reason))
    }

    @Test(
        "a sampler that is not here is in the way of several of its own steps alone",
        arguments: [
            (#"{"_class_name": "UniPCMultistepScheduler"}"#, "_class_name is UniPCMultistepScheduler"),
            (#"{"_class_name": "DEISMultistepScheduler"}"#, "_class_name is DEISMultistepScheduler"),
            (#"{"_class_name": "EulerAncestralDiscreteScheduler"}"#, "_class_name is EulerAncestralDiscrete"),
            (#"{"_class_name": "DDIMScheduler"}"#, "clip_sample is true, but must be false"),
            (#"{"_class_name": "PNDMScheduler"}"#, "skip_prk_steps is false, but must be true"),
            (
                #"{"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "sde-dpmsolver++"}"#,
                "algorithm_type is sde-dpmsolver++, but must be dpmsolver++"
            ),
            (
                #"{"_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": true}"#,
                "use_karras_sigmas is true, but must be false"
            ),
        ])
    func unsupportedSampler(json: String, reason: String) throws {
        try replace("scheduler/scheduler_config.json", with: json)
        var settings = try StableDiffusionFolder(folder)
        let model = try StableDiffusion(settings)
        #expect(settings.scheduler.schedule.count == 1000)
        let one = try model.images(of: ["ab c"], steps: 1, guidance: 1)
        let error = try #require(throws: StableDiffusionError.self) {
            try model.images(of: ["ab c"], steps: 4)
        }
        #expect("\(error)".contains("since in its scheduler_config.json \(reason)"), "\(error)")
        settings.scheduler.sampler = .ddim
        #expect(settings.scheduler.unsupported == nil)
        #expect(try StableDiffusion(settings).images(of: ["ab c"], steps: 4).shape == one.shape)
    }

    @Test("parts that do not belong together are refused")
    func partsDiffer() throws {
        try FileManager.default.removeItem(at: folder.appending(path: "text_encoder"))
        try FileManager.default.copyItem(
            at: fixture("stable-diffusion/text_encoder"), to: folder.appending(path: "text_encoder"))
        let config = folder.appending(path: "tokenizer/tokenizer.json")
        let text = try String(contentsOf: config, encoding: .utf8)
        try Data(text.replacing("\"vocab\": {", with: "\"vocab\": {\"extra\": 999, ").utf8).write(to: config)
        let error = try #require(throws: StableDiffusionError.self) { try StableDiffusion(folder: folder) }
        #expect(
            error.description
                == "The parts of \(folder.path) do not belong together: the tokenizer has 1000 tokens, the text encoder 514; "
                + "copy or download the whole model again.")
    }

    @Test("a variant is taken of the parts that have it, and plain weights of the others, as diffusers does")
    func variants() throws {
        let plain = try loadUNet(folder: folder.appending(path: "unet")).state
        let file = folder.appending(path: "unet/diffusion_pytorch_model.safetensors")
        let variant = folder.appending(path: "unet/diffusion_pytorch_model.fp16.safetensors")
        let changed = try SafetensorsFile(file).all().mapValues { ($0 + 1).to(.float16) }
        try SafetensorsFile.write(changed, to: variant)
        for _ in 0..<2 {
            let half = try StableDiffusionFolder(folder, variant: "fp16")
            for (name, tensor) in try half.loadUNet().state {
                #expect(relativeDifference(tensor, try #require(changed[name]).to(.float32)) == 0, "\(name)")
            }
            #expect(throws: Never.self) { try half.loadPromptEncoder() }
            guard FileManager.default.fileExists(atPath: file.path) else { break }
            for (name, tensor) in try StableDiffusionFolder(folder).loadUNet().state {
                #expect(relativeDifference(tensor, try #require(plain[name])) == 0, "\(name)")
            }
            try FileManager.default.removeItem(at: file)
        }
        func refusal(_ variant: String) throws -> String {
            try #require(throws: StableDiffusionError.self) {
                try StableDiffusionFolder(folder, variant: variant)
            }.description
        }
        #expect(
            try refusal("bf16")
                == "\(folder.path) cannot be used in the variant 'bf16', for text_encoder has weights without a variant; unet has "
                + "fp16; vae has weights without a variant: name another variant, or none.")
        try FileManager.default.moveItem(
            at: folder.appending(path: "vae/diffusion_pytorch_model.safetensors"),
            to: folder.appending(path: "vae/diffusion_pytorch_model.ema.safetensors"))
        #expect(try refusal("fp16").contains("vae has ema: name another variant"))
    }

    @Test("an autoencoder for other latents is refused")
    func otherLatents() throws {
        let model = try StableDiffusionFolder(fixture("stable-diffusion"))
        #expect(throws: Never.self) { try model.loadAutoencoder(from: folder.appending(path: "vae")) }
        try replace("vae/config.json", with: #"{"latent_channels": 4, "block_out_channels": [32, 32, 32]}"#)
        let error = try #require(throws: StableDiffusionError.self) {
            try model.loadAutoencoder(from: folder.appending(path: "vae"))
        }
        #expect(
            error.description
                == "The autoencoder in \(folder.path)/vae does not fit the model: its latents are 4 channels for each 4 x 4 "
                + "pixels, the model's 2 channels for each 2 x 2 pixels; name one that was made for this model."
        )
    }

    private func replace(_ file: String, with json: String) throws {
        try Data(json.utf8).write(to: folder.appending(path: file))
    }

    @Test("a large image is decoded in strips, without a seam")
    func strips() throws {
        let autoencoder = try loadAutoencoder(folder: fixture("stable-diffusion/vae"))
        let latents = freshNoise([0], seed: 1, shape: [autoencoder.latentChannels, 70, 9], step: 1)
        let whole = autoencoder.decodeEach(latents)
        let inStrips = Strips.$leastElements.withValue(1) { withoutGradients { autoencoder.decode(latents) } }
        #expect(inStrips.shape == whole.shape)
        #expect(relativeDifference(inStrips, whole) < 1e-5)
    }
}
