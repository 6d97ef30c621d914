// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
import Export
import Files
import Foundation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite("Single files of Stable Diffusion")
final class SingleFileTests {
    private let parent = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    private let tokenizer = fixture("stable-diffusion/tokenizer")
    private var file: URL { parent.appending(path: "model.safetensors") }
    private var copy: URL { parent.appending(path: "copy") }

    init() throws { try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: parent) }

    private func makeModel(linear: Bool = false) throws -> URL {
        let folder = parent.appending(path: "model")
        try saveTinyStableDiffusion(to: folder, linear: linear)
        return folder
    }

    private func bytes(_ folder: URL, _ path: String) throws -> Data {
        try Data(contentsOf: folder.appending(path: path))
    }

    @Test("a folder comes back with the same bits and settings")
    func roundTrip() throws {
        let folder = try makeModel()
        try writeSingleFile(of: folder, to: file, dtype: .float32)
        try unpackSingleFile(file, tokenizer: folder, to: copy)
        for part in ["unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model", "text_encoder/model"] {
            let (own, other) = (
                try SafetensorsFile(folder.appending(path: "\(part).safetensors")),
                try SafetensorsFile(copy.appending(path: "\(part).safetensors"))
            )
            #expect(Set(own.names) == Set(other.names))
            for name in own.names {
                let (tensor, again) = (try own.tensor(name), try other.tensor(name))
                #expect(tensor.shape == again.shape, "\(name)")
                #expect(tensor.array(as: Float.self) == again.array(as: Float.self), "\(name)")
            }
        }
        for settings in [
            "unet/config.json", "vae/config.json", "text_encoder/config.json", "model_index.json",
        ] {
            #expect(try bytes(folder, settings) == bytes(copy, settings), "\(settings)")
        }
        #expect(
            try names(in: folder.appending(path: "tokenizer")) == names(in: copy.appending(path: "tokenizer"))
        )
        let prompts = ["ab"]
        let images = try [folder, copy].map {
            try StableDiffusion(folder: $0).images(of: prompts, steps: 1, height: 16, width: 16)
        }
        #expect(images[0].array(as: Float.self) == images[1].array(as: Float.self))
    }

    @Test("names are those of the published files, one to one")
    func published() throws {
        func keys(_ file: String) throws -> [String] {
            try String(contentsOf: fixture("keys/\(file).txt"), encoding: .utf8).split(separator: "\n").map {
                String($0.prefix { $0 != "\t" && $0 != " " })
            }
        }
        let unet = CompVisNames(of: .version1)
        let autoencoder = CompVisNames(of: .stableDiffusion)
        for (names, keys, count) in [
            (unet, try keys("sd1-unet"), 686), (autoencoder, try keys("sd-vae"), 248),
        ] {
            let stored = keys.compactMap(names.compVis)
            #expect(Set(stored).count == count && keys.count == count)
            #expect(stored.compactMap(names.diffusers) == keys)
        }
        for (own, stored) in [
            "time_embedding.linear_2.bias": "time_embed.2.bias", "conv_in.weight": "input_blocks.0.0.weight",
            "down_blocks.0.downsamplers.0.conv.weight": "input_blocks.3.0.op.weight",
            "down_blocks.1.resnets.0.conv_shortcut.weight": "input_blocks.4.0.skip_connection.weight",
            "down_blocks.2.attentions.1.proj_in.weight": "input_blocks.8.1.proj_in.weight",
            "down_blocks.3.resnets.1.time_emb_proj.bias": "input_blocks.11.0.emb_layers.1.bias",
            "mid_block.attentions.0.norm.weight": "middle_block.1.norm.weight",
            "up_blocks.0.upsamplers.0.conv.bias": "output_blocks.2.1.conv.bias",
            "up_blocks.1.upsamplers.0.conv.bias": "output_blocks.5.2.conv.bias",
            "up_blocks.3.resnets.2.conv2.weight": "output_blocks.11.0.out_layers.3.weight",
            "conv_out.weight": "out.2.weight",
        ] { #expect(unet.compVis(own) == stored) }
        for (own, stored) in [
            "encoder.down_blocks.2.downsamplers.0.conv.weight": "encoder.down.2.downsample.conv.weight",
            "decoder.up_blocks.0.upsamplers.0.conv.weight": "decoder.up.3.upsample.conv.weight",
            "decoder.up_blocks.3.resnets.0.conv_shortcut.weight": "decoder.up.0.block.0.nin_shortcut.weight",
            "decoder.mid_block.attentions.0.to_out.0.bias": "decoder.mid.attn_1.proj_out.bias",
            "encoder.conv_norm_out.weight": "encoder.norm_out.weight",
            "post_quant_conv.bias": "post_quant_conv.bias",
        ] { #expect(autoencoder.compVis(own) == stored) }
    }

    @Test("the average, other types and what training left are understood; strays are told")
    func extras() throws {
        let folder = try makeModel()
        try writeSingleFile(of: folder, to: file, dtype: .float16)
        let stored = try SafetensorsFile(file)
        #expect(stored.metadata["modelspec.prediction_type"] == "epsilon")
        #expect(try stored.tensor("first_stage_model.encoder.mid.attn_1.q.weight").shape == [64, 64, 1, 1])
        var tensors = stored.all()
        for name in stored.names where name.hasPrefix("model.") {
            let average = try stored.tensor(name).to(.float32) * 2
            tensors["model_ema." + name.dropFirst("model.".count).replacing(".", with: "")] = average
        }
        tensors["betas"] = .zeros([1000])
        tensors["cond_stage_model.transformer.text_model.embeddings.position_ids"] = Tensor([0, 1])
        try SafetensorsFile.write(tensors, to: file)
        var warnings: [String] = []
        try unpackSingleFile(
            file, tokenizer: tokenizer, prediction: .velocity, average: true, to: copy, dtype: .bfloat16
        ) { warnings.append($0) }
        #expect(warnings == [])
        let unet = try SafetensorsFile(copy.appending(path: "unet/diffusion_pytorch_model.safetensors"))
        let expected = try stored.tensor("model.diffusion_model.out.2.weight").to(.float32) * 2
        #expect(try unet.dtype(of: "conv_out.weight") == .bfloat16)
        #expect(relativeDifference(try unet.tensor("conv_out.weight").to(.float32), expected) < 1e-2)
        #expect(try StableDiffusionFolder(copy).scheduler.prediction == .velocity)
        tensors["embedding_manager.x"] = .zeros([1])
        try SafetensorsFile.write(tensors, to: file)
        try unpackSingleFile(file, tokenizer: tokenizer, to: copy) { warnings.append($0) }
        #expect(
            warnings.count == 1
                && warnings[0].contains("a tensor of no part of the model, embedding_manager.x"))
    }

    @Test("version 2's text encoder is OpenCLIP's, without its last block")
    func version2() throws {
        let folder = try makeModel(linear: true)
        try #require(throws: SingleFileError.otherVersion(folder: folder.path)) {
            try writeSingleFile(of: folder, to: file)
        }
        var tensors: OrderedDictionary<String, Tensor> = [:]
        let unet = ModelFolder.unet(folder.appending(path: "unet"))
        let configuration: UNet2DConditionConfiguration = try unet.configuration()
        let names = CompVisNames(of: configuration)
        try unet.eachTensor { tensors["model.diffusion_model." + (names.compVis($0) ?? "?")] = $1 }
        let autoencoder = ModelFolder.autoencoder(folder.appending(path: "vae"))
        let autoencoderNames = CompVisNames(
            of: try autoencoder.configuration(as: AutoencoderKLConfiguration.self))
        try autoencoder.eachTensor {
            tensors["first_stage_model." + (autoencoderNames.compVis($0) ?? "?")] = $1
        }
        var stream = RandomStream(seed: 1, purpose: "open clip")
        let prefix = "cond_stage_model.model."
        let tokens = try CLIPTokenizer(folder: tokenizer).vocabularySize
        for (name, shape) in [("token_embedding.weight", [tokens, 64]), ("positional_embedding", [77, 64])] {
            tensors[prefix + name] = stream.normal(shape)
        }
        for block in 0..<3 {
            for (name, shape) in [
                ("attn.in_proj_weight", [192, 64]), ("attn.in_proj_bias", [192]),
                ("attn.out_proj.weight", [64, 64]),
                ("attn.out_proj.bias", [64]), ("ln_1.weight", [64]), ("ln_1.bias", [64]),
                ("ln_2.weight", [64]),
                ("ln_2.bias", [64]), ("mlp.c_fc.weight", [96, 64]), ("mlp.c_fc.bias", [96]),
                ("mlp.c_proj.weight", [64, 96]), ("mlp.c_proj.bias", [64]),
            ] { tensors["\(prefix)transformer.resblocks.\(block).\(name)"] = stream.normal(shape) }
        }
        for name in ["ln_final.weight", "ln_final.bias"] { tensors[prefix + name] = stream.normal([64]) }
        tensors[prefix + "text_projection"] = stream.normal([64, 64])
        try SafetensorsFile.write(tensors, to: file)
        #expect(throws: SingleFileError.unknownPrediction(file: file.path)) {
            try unpackSingleFile(file, tokenizer: tokenizer, to: copy)
        }
        try unpackSingleFile(file, tokenizer: tokenizer, prediction: .epsilon, to: copy)
        let text = try loadTextEncoder(folder: copy.appending(path: "text_encoder"))
        #expect(text.configuration.layers == 2 && text.configuration.activation == .gelu)
        let joined = try #require(tensors["\(prefix)transformer.resblocks.1.attn.in_proj_weight"])
        let keys = try #require(text.state["encoder.layers.1.self_attn.k_proj.weight"])
        #expect(keys.array(as: Float.self) == joined.chunked(3)[1].array(as: Float.self))
        #expect(try StableDiffusionFolder(copy).unet.headCounts == [1, 1, 1])
    }

    @Test("files of something else are told")
    func refusals() throws {
        func refusal(_ change: (inout OrderedDictionary<String, Tensor>) -> Void) throws -> String {
            var tensors: OrderedDictionary<String, Tensor> = try SafetensorsFile(
                parent.appending(path: "whole.safetensors")
            ).all()
            change(&tensors)
            try SafetensorsFile.write(tensors, to: file)
            let error = #expect(throws: SingleFileError.self) {
                try unpackSingleFile(file, tokenizer: tokenizer, to: copy)
            }
            #expect(!FileManager.default.fileExists(atPath: copy.path))
            return error?.description ?? ""
        }
        try writeSingleFile(of: makeModel(), to: parent.appending(path: "whole.safetensors"))
        let first = "model.diffusion_model.input_blocks.0.0.weight"
        #expect(
            try refusal { $0[first] = .zeros([32, 9, 3, 3]) }.contains(
                "takes 9 channels, such as one for inpainting"))
        #expect(try refusal { $0["conditioner.embedders.0.x"] = .zeros([1]) }.contains("Stable Diffusion XL"))
        #expect(try refusal { $0[first] = nil }.contains("has no \(first)"))
        let deep = "model.diffusion_model.output_blocks.0.0.out_layers.3.bias"
        #expect(try refusal { $0[deep] = nil }.contains("has no \(deep)"))
        #expect(try refusal { $0[deep] = .zeros([3]) }.contains("is [3] instead of [64]"))
        #expect(try refusal { $0 = ["x": .zeros([1])] }.contains("not a whole model"))
    }
}
