// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Encoders
import Foundation
import Models
import OrderedCollections
import TestSupport
import Testing
import Torch

/// One after the other: the networks are of full size.
@Suite("Stable Diffusion's networks", .serialized)
struct StableDiffusionNetworkTests {
    @Test(
        "tensors have the names and shapes of the published files",
        arguments: [
            ("sd1-unet", 859_520_964), ("sd2-unet", 865_910_724), ("sd-vae", 83_653_863),
            ("sd-tiny-vae", 2_445_063), ("sd1-text", 123_060_480), ("sd2-text", 340_387_840),
        ])
    func keys(name: String, parameterCount: Int) throws {
        let network = makeNetwork(name)
        let list = try String(contentsOf: fixture("keys/\(name).txt"), encoding: .utf8)
        let found = network.state.map { "\($0.key)\t\($0.value.shape)" }
        #expect(Set(found) == Set(list.split(separator: "\n").map(String.init)))
        #expect(network.parameterCount == parameterCount)
    }

    private func makeNetwork(_ name: String) -> any Module {
        var stream = RandomStream(seed: 0, purpose: "names")
        switch name {
        case "sd1-unet": return UNet2DConditionModel(.version1, initialisation: .zeros, from: &stream)
        case "sd2-unet": return UNet2DConditionModel(.version2, initialisation: .zeros, from: &stream)
        case "sd-vae": return AutoencoderKL(.stableDiffusion, initialisation: .zeros, from: &stream)
        case "sd-tiny-vae": return AutoencoderTiny(.init(), initialisation: .zeros, from: &stream)
        case "sd1-text": return CLIPTextModel(.vitL14, initialisation: .zeros, from: &stream)
        default: return CLIPTextModel(.vitH14, initialisation: .zeros, from: &stream)
        }
    }

    @Test("older spellings are understood")
    func spellings() {
        #expect(
            AutoencoderKL.ownName(of: "encoder.mid_block.attentions.0.proj_attn.bias")
                == "encoder.mid_block.attentions.0.to_out.0.bias")
        #expect(
            AutoencoderKL.ownName(of: "decoder.mid_block.attentions.0.query.weight")
                == "decoder.mid_block.attentions.0.to_q.weight")
        #expect(
            AutoencoderKL.ownName(of: "decoder.mid_block.attentions.0.to_v.bias")
                == "decoder.mid_block.attentions.0.to_v.bias")
        #expect(CLIPTextModel.ownName(of: "text_model.final_layer_norm.bias") == "final_layer_norm.bias")
        #expect(CLIPTextModel.ownName(of: "final_layer_norm.bias") == "final_layer_norm.bias")
        #expect(CLIPTextModel.ownName(of: "text_model.embeddings.position_ids") == nil)
    }

    @Test("settings of the published files make the published networks")
    func publishedSettings() throws {
        let first = #"{"_class_name": "UNet2DConditionModel", "cross_attention_dim": 768, "sample_size": 64}"#
        #expect(
            try JSONDecoder().decode(UNet2DConditionConfiguration.self, from: Data(first.utf8)) == .version1)
        let second = """
            {"attention_head_dim": [5, 10, 20, 20], "block_out_channels": [320, 640, 1280, 1280], "act_fn": "silu",
            "center_input_sample": false, "cross_attention_dim": 1024, "downsample_padding": 1, "dual_cross_attention": false,
            "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
            "flip_sin_to_cos": true, "freq_shift": 0, "in_channels": 4, "layers_per_block": 2, "mid_block_scale_factor": 1,
            "norm_eps": 1e-05, "norm_num_groups": 32, "num_class_embeds": null, "only_cross_attention": false,
            "out_channels": 4, "sample_size": 96, "upcast_attention": true, "use_linear_projection": true,
            "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"]}
            """
        #expect(
            try JSONDecoder().decode(UNet2DConditionConfiguration.self, from: Data(second.utf8)) == .version2)
        for configuration in [UNet2DConditionConfiguration.version1, .version2] {
            let written = try JSONEncoder().encode(configuration)
            #expect(
                try JSONDecoder().decode(UNet2DConditionConfiguration.self, from: written) == configuration)
        }
        let written = try JSONEncoder().encode(AutoencoderKLConfiguration.stableDiffusion)
        #expect(try JSONDecoder().decode(AutoencoderKLConfiguration.self, from: written) == .stableDiffusion)
    }

    @Test("settings that say the same in another way are the same")
    func sameSettings() throws {
        let lists = """
            {"layers_per_block": [2, 2, 2, 2], "cross_attention_dim": [768, 768, 768, 768], "act_fn": "swish",
            "transformer_layers_per_block": [1, 1, 1, 1], "only_cross_attention": [false, false, false, false],
            "attention_head_dim": [8, 8, 8, 8], "sample_size": [64, 64]}
            """
        #expect(
            try JSONDecoder().decode(UNet2DConditionConfiguration.self, from: Data(lists.utf8)) == .version1)
        let wide = try JSONDecoder().decode(
            UNet2DConditionConfiguration.self, from: Data(#"{"sample_size": [48, 80]}"#.utf8))
        #expect((wide.sampleHeight, wide.sampleWidth) == (48, 80))
        #expect(
            try JSONDecoder().decode(UNet2DConditionConfiguration.self, from: JSONEncoder().encode(wide))
                == wide)
        for unequal in [#"{"layers_per_block": [2, 1]}"#, #"{"transformer_layers_per_block": [1, 2]}"#] {
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(UNet2DConditionConfiguration.self, from: Data(unequal.utf8))
            }
        }
    }

    @Test("a U-Net computes in bfloat16 all through")
    func bfloat16() {
        var sizes = UNet2DConditionConfiguration()
        sizes.blockOutChannels = [32, 64]
        sizes.downAttends = [true, false]
        sizes.upAttends = [false, true]
        sizes.headCounts = [2, 4]
        sizes.crossAttentionDim = 16
        var stream = RandomStream(seed: 5, purpose: "bfloat16")
        let unet = UNet2DConditionModel(sizes, from: &stream)
        let (x, context) = (stream.normal([2, 4, 8, 8]), stream.normal([2, 5, 16]))
        let time = Tensor([3.0, 900.0])
        let precise = withoutGradients { unet(x, time: time, context: context) }
        let rounded = withoutGradients { unet(x.to(.bfloat16), time: time, context: context) }
        #expect(rounded.dtype == .bfloat16)
        let error = (rounded.to(.float32) - precise).norm().item() / precise.norm().item()
        #expect(error > 0 && error < 0.05, "\(error)")
    }
}

@Suite("Stable Diffusion as a denoiser")
struct StableDiffusionDenoiserTests {
    private static let sizes = {
        var sizes = UNet2DConditionConfiguration()
        sizes.blockOutChannels = [8, 16]
        sizes.downAttends = [true, false]
        sizes.upAttends = [false, true]
        sizes.headCounts = [2, 4]
        sizes.crossAttentionDim = 6
        sizes.normGroups = 4
        (sizes.sampleHeight, sizes.sampleWidth) = (8, 8)
        return sizes
    }()

    @Test(
        "guidance leads from the unconditional prediction", arguments: PredictionType.allCases, [1.0, 3, 7.5])
    func guidance(prediction: PredictionType, scale: Double) {
        var stream = RandomStream(seed: 1, purpose: "guidance")
        let unet = UNet2DConditionModel(Self.sizes, from: &stream)
        unet.convert(to: .float64)
        func normal(_ shape: [Int]) -> Tensor { stream.normal(shape, dtype: .float64) }
        let (x, prompt, empty) = (normal([3, 4, 8, 8]), normal([3, 5, 6]), normal([1, 5, 6]))
        let denoiser = Guided(
            StableDiffusionDenoiser(unet, prediction: prediction), guidance: scale,
            unconditional: .context(empty))
        #expect(denoiser.sampleShape == [4, 8, 8])
        let level = denoiser.schedule.level(at: Tensor([999, 500, 0]))

        func output(_ context: Tensor) -> Tensor { unet(x, time: level.time, context: context) }
        let unconditional = output(empty.expanded(to: [3, 5, 6]))
        let guided = unconditional + scale * (output(prompt) - unconditional)
        let (alpha, sigma) = (level.matching(x).alpha, level.matching(x).sigma)
        let expected =
            prediction == .epsilon ? (x - sigma * guided) / alpha : alpha * x - sigma * guided
        #expect(relativeDifference(denoiser(x, at: level, given: .context(prompt)), expected) < 1e-12)
        let alone =
            prediction == .epsilon ? (x - sigma * unconditional) / alpha : alpha * x - sigma * unconditional
        #expect(relativeDifference(denoiser(x, at: level, given: nil), alone) < 1e-12)
    }

    @Test("the clean sample of float32 is no worse than its prediction")
    func precision() {
        var stream = RandomStream(seed: 2, purpose: "precision")
        let unet = UNet2DConditionModel(Self.sizes, from: &stream)
        let denoiser = StableDiffusionDenoiser(unet)
        let (context, x) = (stream.normal([1, 5, 6]), stream.normal([1, 4, 8, 8]))
        let level = denoiser.schedule.level(at: Tensor([999]))
        let output = unet(x, time: level.time, context: context).to(.float64)
        let precise = level.matching(output)
        let expected = (x.to(.float64) - precise.sigma * output) / precise.alpha
        let found = denoiser(x, at: level, given: .context(context))
        #expect(found.dtype == .float32)
        #expect(relativeDifference(found, expected) < 6e-8)
    }

    @Test(
        "the weight of the loss makes the clean sample's error that of the prediction",
        arguments: PredictionType.allCases)
    func lossWeight(prediction: PredictionType) {
        var stream = RandomStream(seed: 3, purpose: "weight")
        let unet = UNet2DConditionModel(Self.sizes, from: &stream)
        unet.convert(to: .float64)
        func normal(_ shape: [Int]) -> Tensor { stream.normal(shape, dtype: .float64) }
        let denoiser = StableDiffusionDenoiser(unet, prediction: prediction)
        let context = normal([3, 5, 6])
        let (clean, noise) = (normal([3, 4, 8, 8]), normal([3, 4, 8, 8]))
        let numbered = denoiser.schedule.level(at: Tensor([980, 500, 20]))
        let level = numbered.matching(clean)
        let x = numbered.noising(clean, noise: noise)
        let output = unet(x, time: level.time, context: context)
        let target = prediction == .epsilon ? noise : level.alpha * noise - level.sigma * clean
        let error = denoiser(x, at: numbered, given: .context(context)) - clean
        let weight = denoiser.lossWeight(at: numbered)
        #expect(weight.shape == [3])
        #expect(
            relativeDifference(weight.reshaped([3, 1, 1, 1]) * error.square(), (output - target).square())
                < 1e-6)
    }

    @Test("a network for generator or critic is like the teacher's, without its guidance")
    func replica() throws {
        var stream = RandomStream(seed: 4, purpose: "untrained")
        let base = StableDiffusionDenoiser(
            UNet2DConditionModel(Self.sizes, from: &stream), prediction: .velocity, sampleShape: [4, 16, 8])
        let empty = Condition.context(stream.normal([1, 5, 6]))
        let teacher = Guided(base, guidance: 3, unconditional: empty)
        let (x, prompt) = (stream.normal([1, 4, 16, 8]), Condition.context(stream.normal([1, 5, 6])))
        let level = teacher.schedule.level(at: Tensor([700]))
        for sharing in [WeightSharing.nothing, .everything] {
            let other = teacher.replica(sharing: sharing)
            #expect(other.prediction == .velocity && other.sampleShape == [4, 16, 8])
            #expect(other.conditioning == .named(["context"]) && other.classCount == 0)
            #expect(other.unet.configuration == base.unet.configuration)
            let found = other(x, at: level, given: prompt)
            #expect(relativeDifference(found, teacher(x, at: level, given: prompt)) > 1e-4)
            let unguided = Guided(base, guidance: 1, unconditional: empty)
            #expect(relativeDifference(found, unguided(x, at: level, given: prompt)) == 0)
            let name = "unet.conv_in.bias"
            let (own, given) = (try #require(other.state[name]), try #require(base.state[name]))
            let before = given.array(as: Float.self)
            own.fill(2)
            #expect((given.array(as: Float.self) == before) == (sharing == .nothing))
            own.copy(from: Tensor(before))
        }
    }

    @Test("shows the features of each down block and of the middle block, through which gradient flows")
    func features() {
        var stream = RandomStream(seed: 6, purpose: "features")
        let denoiser = StableDiffusionDenoiser(UNet2DConditionModel(Self.sizes, from: &stream))
        denoiser.setRequiresGrad(true)
        let (x, prompt) = (stream.normal([2, 4, 8, 8]), Condition.context(stream.normal([2, 5, 6])))
        x.setRequiresGrad(true)
        let level = denoiser.schedule.level(at: Tensor([700, 3]))
        let found = denoiser.predictAndFeatures(x, at: level, given: prompt)
        #expect(found.features.map(\.shape) == [[2, 8, 8, 8], [2, 16, 4, 4], [2, 16, 4, 4]])
        #expect(
            found.x0.array(as: Float.self)
                == denoiser(x, at: level, given: prompt).array(as: Float.self))
        let parameters = denoiser.parameters
        for (index, feature) in found.features.enumerated() {
            let slopes = gradients(
                of: feature.square().sum(), with: [x] + parameters.values, differentiable: true)
            #expect(slopes[0].abs().max().item() > 0)
            for (name, slope) in zip(parameters.keys, slopes.dropFirst()) {
                // What comes after a feature has no part in it.
                let isLater =
                    name.hasPrefix("unet.up_blocks") || name.hasPrefix("unet.conv_norm_out")
                    || name.hasPrefix("unet.conv_out") || name.hasPrefix("unet.mid_block") && index < 2
                    || name.hasPrefix("unet.down_blocks.1") && index < 1
                if isLater { #expect(slope.abs().max().item() == 0, "\(name)") }
            }
            let first = parameters.keys.firstIndex(of: "unet.conv_in.weight") ?? 0
            #expect(slopes[1 + first].abs().max().item() > 0)
        }
        denoiser.setComputeType(.bfloat16)
        let narrow = withoutGradients { denoiser.predictAndFeatures(x, at: level, given: prompt) }
        #expect(narrow.features.allSatisfy { $0.dtype == .float32 } && narrow.x0.dtype == .float32)
        for (a, b) in zip(narrow.features, found.features) {
            let error = (a - b.detached()).norm().item() / b.detached().norm().item()
            #expect(error > 0 && error < 0.05, "\(error)")
        }
    }
}
