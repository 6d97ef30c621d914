// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Encoders
import Evaluation
import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

/// Against transformers 5.23.0 on Pillow 12, with random weights, see `clip_model.py`.
@Suite("CLIP score", .serialized)
final class CLIPScoreTests {
    private let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    private let expected: SafetensorsFile

    init() throws {
        expected = try SafetensorsFile(fixture("clip-score.safetensors"))
        try FileManager.default.copyItem(at: fixture("clip-model"), to: folder)
        for name in ["tokenizer.json", "tokenizer_config.json"] {
            try FileManager.default.copyItem(
                at: fixture("stable-diffusion/tokenizer/\(name)"), to: folder.appending(path: name))
        }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func replace(_ text: String, with other: String, in name: String) throws {
        let file = folder.appending(path: name)
        let found = try String(contentsOf: file, encoding: .utf8)
        try #require(found.contains(text))
        try Data(found.replacing(text, with: other).utf8).write(to: file)
    }

    private struct Made: Decodable {
        let prompts: [String]
        let prefix: String
    }

    private func prompts() throws -> [String] {
        let made = try JSONDecoder().decode(
            Made.self, from: Data(try #require(expected.metadata["made"]).utf8))
        #expect(made.prefix == CLIPScore.prefix)
        return made.prompts
    }

    private func levels(_ number: Int) throws -> Tensor {
        try expected.tensor("levels.\(number)").unsqueezed(0)
    }

    @Test("images of any size are resized, cropped and shifted as transformers does on Pillow")
    func preprocessing() throws {
        let preprocessing = try CLIPPreprocessing(folder: folder, size: 18)
        let pixels = Tensor.concatenated(try (0..<4).map { preprocessing(try levels($0)) })
        #expect(relativeDifference(pixels, try expected.tensor("pixels")) < 5e-7)
        try FileManager.default.removeItem(at: folder.appending(path: "preprocessor_config.json"))
        #expect(try CLIPPreprocessing(folder: folder, size: 18) == preprocessing)
    }

    @Test(
        "images and prompts have the vectors and cosines of transformers", arguments: ["quick_gelu", "gelu"])
    func parity(activation: String) throws {
        try replace("quick_gelu", with: activation, in: "config.json")
        let prompts = try prompts()
        for (name, size) in [(activation, nil), ("\(activation).square", 256)] as [(String, Int?)] {
            let clip = try CLIPScore(folder: folder, size: size)
            let images = try (0..<4).map { clip.imageFeatures(ofLevels: try levels($0)) }
            let features = try expected.tensor("\(name).images")
            #expect(relativeDifference(.concatenated(images), features) < 1e-5)
            let cosines = try (0..<4).flatMap { clip.scores(ofLevels: try levels($0), [prompts[$0]]) }
            let others = try expected.tensor("\(name).cosines").array(as: Double.self)
            #expect(cosines.count == 4 && others.count == 4)
            for (cosine, other) in zip(cosines, others) { #expect(abs(cosine - other) < 1e-5) }
            let texts = clip.textFeatures(prompts.map { CLIPScore.prefix + $0 })
            #expect(relativeDifference(texts, try expected.tensor("\(activation).texts")) < 1e-5)
        }
    }

    @Test("images in [-1, 1] and grey ones score as their levels do")
    func ranges() throws {
        let clip = try CLIPScore(folder: folder)
        let (levels, prompts) = (try levels(1), ["ab c"])
        let score = clip.scores(ofLevels: levels, prompts)
        #expect(clip.scores(levels.to(.float32) / 127.5 - 1, prompts) == score)
        #expect(clip.scores(levels.to(.float32) / 127.5 - 1 + 0.003, prompts) == score)
        #expect(clip.scores(ofLevels: levels, prompts, prefix: "") != score)
        let grey = levels.narrowed(dim: 1, start: 1, count: 1)
        #expect(
            clip.scores(ofLevels: grey, prompts)
                == clip.scores(ofLevels: grey.repeated([1, 3, 1, 1]), prompts))
    }

    @Test("many images score as they do alone")
    func batches() throws {
        let clip = try CLIPScore(folder: folder)
        let prompts = (0..<19).map { String(repeating: "ab ", count: $0) }
        let images = (0..<19).map { (number: Int) -> Tensor in
            Tensor((0..<3 * 20 * 22).map { UInt8(($0 * (number + 3)) % 251) }, shape: [1, 3, 20, 22])
        }
        let together = clip.scores(ofLevels: .concatenated(images), prompts)
        for (number, score) in together.enumerated() {
            #expect(abs(score - clip.scores(ofLevels: images[number], [prompts[number]])[0]) < 1e-6)
        }
        #expect(Set(together).count == 19)
    }

    @Test("the network of OpenAI's ViT-B/32 has its published size")
    func published() {
        var stream = RandomStream(seed: 0, purpose: "test")
        let network = CLIPModel(CLIPConfiguration(), initialisation: .zeros, from: &stream)
        #expect(network.parameterCount == 151_277_313)
        #expect(network.state.count == 398)
        #expect(network.state["vision_model.embeddings.position_embedding.weight"]?.shape == [50, 768])
    }

    @Test("so has that of OpenCLIP's ViT-g/14, by which the paper measured")
    func publishedOpenCLIP() throws {
        let json = """
            {
                "model_type": "clip", "projection_dim": 1024,
                "text_config": {
                    "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24,
                    "num_attention_heads": 16, "hidden_act": "gelu"
                },
                "vision_config": {
                    "hidden_size": 1408, "intermediate_size": 6144, "num_hidden_layers": 40,
                    "num_attention_heads": 16, "patch_size": 14, "hidden_act": "gelu"
                }
            }
            """
        var stream = RandomStream(seed: 0, purpose: "test")
        let network = CLIPModel(
            try JSONDecoder().decode(CLIPConfiguration.self, from: Data(json.utf8)), initialisation: .none,
            from: &stream)
        // 1366.68 million, https://github.com/mlfoundations/open_clip/blob/main/docs/model_profile.csv
        #expect(network.parameterCount == 1_366_678_273)
        #expect(network.state["vision_model.embeddings.position_embedding.weight"]?.shape == [257, 1408])
    }

    @Test("the numbers of positions in older files are passed over")
    func positionNumbers() throws {
        let file = folder.appending(path: "model.safetensors")
        var state = try SafetensorsFile(file).all()
        for part in ["text_model", "vision_model"] {
            state["\(part).embeddings.position_ids"] = .arange(24).unsqueezed(0)
        }
        try SafetensorsFile.write(state, to: file)
        #expect(throws: Never.self) { try CLIPModel(folder: folder) }
    }

    @Test(
        "settings that do not fit are named",
        arguments: [
            ("config.json", "\"clip\"", "\"siglip\"", "`model_type` is siglip, but must be clip"),
            ("config.json", "text_config", "text", "it lacks `text_config`"),
            (
                "config.json", "\"patch_size\": 5", "\"patch_size\": 19",
                "`vision_config.patch_size` is 19, but must be from 1 to 18"
            ),
            (
                "config.json", "\"num_attention_heads\": 3", "\"num_attention_heads\": 5",
                "`vision_config.num_attention_heads` is 5, but must be a divisor of `hidden_size`, which is 12"
            ),
            (
                "config.json", "\"quick_gelu\"", "\"relu\"",
                "`text_config.hidden_act` is relu, but must be quick_gelu or gelu"
            ),
            (
                "config.json", "\"projection_dim\": 6", "\"projection_dim\": 0",
                "`projection_dim` is 0, but must be from 1 to 65536"
            ),
            (
                "preprocessor_config.json", "\"resample\": 3", "\"resample\": 2",
                "`resample` is 2, but must be 3"
            ),
            (
                "preprocessor_config.json", "\"do_center_crop\": true", "\"do_center_crop\": false",
                "`do_center_crop` is false, but must be true"
            ),
            (
                "preprocessor_config.json", "\"shortest_edge\": 18", "\"longest_edge\": 18",
                "`size` is of another form, but must be a shortest edge, from 1 to 4096"
            ),
            (
                "preprocessor_config.json", "\"shortest_edge\": 18", "\"shortest_edge\": 17",
                "`crop_size` is 18, but must be at most `size`, which is 17"
            ),
            (
                "preprocessor_config.json", "\"height\": 18", "\"height\": 17",
                "`crop_size` is of another form, but must be a height and an equal width, from 1 to 4096"
            ),
            (
                "config.json", "\"image_size\": 18", "\"image_size\": 19",
                "it crops images to 18 pixels, and the network takes 19"
            ),
        ])
    func settings(name: String, text: String, other: String, reason: String) throws {
        try replace(text, with: other, in: name)
        let error = try #require(throws: ModelFolderError.self) { try CLIPScore(folder: folder) }
        let file = reason.hasPrefix("it crops") ? "preprocessor_config.json" : name
        #expect(
            error.description
                == "\(folder.appending(path: file).path) cannot be used: \(reason); use a model of a kind that is "
                + "supported, or copy the file again.")
    }

    @Test("sizes may be plain numbers, as in older files")
    func plainSizes() throws {
        let json =
            #"{"size": 18, "crop_size": 18, "resample": 3, "image_mean": [0.5, 0.5, 0.5], "image_std": [1, 1, 1]}"#
        try Data(json.utf8).write(to: folder.appending(path: "preprocessor_config.json"))
        let preprocessing = try CLIPPreprocessing(folder: folder, size: 18)
        #expect(preprocessing.shorterSide == 18 && preprocessing.crop == 18)
        let levels = Tensor.full([1, 3, 18, 18], value: 255, dtype: .uint8)
        #expect(relativeDifference(preprocessing(levels), .full([1, 3, 18, 18], value: 0.5)) < 1e-6)
    }

    @Test("a tokenizer of another network is told from its own")
    func tokenizers() throws {
        for (text, other, reason) in [
            (
                "\"eos_token_id\": 513", "\"eos_token_id\": 400",
                "its tokenizer ends texts with 513 and its network with 400"
            ),
            (
                "\"vocab_size\": 514", "\"vocab_size\": 512",
                "its tokenizer has 514 tokens and its network 512"
            ),
        ] {
            try replace(text, with: other, in: "config.json")
            if other.contains("512") {
                let file = folder.appending(path: "model.safetensors")
                var state = try SafetensorsFile(file).all()
                let name = "text_model.embeddings.token_embedding.weight"
                state[name] = state[name]?.narrowed(dim: 0, start: 0, count: 512)
                try SafetensorsFile.write(state, to: file)
            }
            let error = try #require(throws: EvaluationError.self) { try CLIPScore(folder: folder) }
            #expect(
                error.description
                    == "The files of \(folder.path) do not make a CLIP model: \(reason); copy or download the whole model "
                    + "again.")
            try replace(other, with: text, in: "config.json")
        }
    }
}
