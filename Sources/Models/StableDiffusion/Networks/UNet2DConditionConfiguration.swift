// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch
import Weights

/// The sizes of a ``UNet2DConditionModel``, as `unet/config.json` gives them: all options that Stable Diffusion 1 and 2
/// use. Settings that the file lacks have the values that diffusers takes.
public struct UNet2DConditionConfiguration: Equatable, Sendable {
    /// The height of the latents that it was trained on.
    public var sampleHeight = 64
    /// Their width.
    public var sampleWidth = 64
    /// The channels of what it is given.
    public var inChannels = 4
    /// The channels of what it predicts.
    public var outChannels = 4
    /// The channels of each resolution, from the highest down.
    public var blockOutChannels = [320, 640, 1280, 1280]
    /// Whether there is attention at each resolution on the way down.
    public var downAttends = [true, true, true, false]
    /// Whether there is attention at each resolution on the way up, from the lowest.
    public var upAttends = [false, true, true, true]
    /// The residual blocks of a resolution on the way down; there is one more on the way up.
    public var layersPerBlock = 2
    /// The size of a token of the context: 768 in version 1, 1024 in version 2.
    public var crossAttentionDim = 1280
    /// The heads of attention at each resolution. The files call them, by an old mistake, `attention_head_dim`.
    public var headCounts = [8, 8, 8, 8]
    /// Whether the layers around a transformer are stored as matrices, as in version 2.
    public var usesLinearProjection = false
    /// The groups of each normalisation.
    public var normGroups = 32
    /// What the normalisations of residual blocks add to the variance.
    public var normEpsilon = 1e-5

    /// The sizes that diffusers takes where nothing is said.
    public init() {}

    /// Stable Diffusion 1.1 to 1.5: 859,520,964 parameters.
    public static let version1: UNet2DConditionConfiguration = {
        var configuration = UNet2DConditionConfiguration()
        configuration.crossAttentionDim = 768
        return configuration
    }()

    /// Stable Diffusion 2.0 and 2.1 for images of 768 x 768: 865,910,724 parameters.
    public static let version2: UNet2DConditionConfiguration = {
        var configuration = UNet2DConditionConfiguration()
        (configuration.sampleHeight, configuration.sampleWidth) = (96, 96)
        configuration.crossAttentionDim = 1024
        configuration.headCounts = [5, 10, 20, 20]
        configuration.usesLinearProjection = true
        return configuration
    }()

    /// The size of the embedding of the noise level.
    var embeddingSize: Int { 4 * blockOutChannels[0] }

    /// The factor by which the lowest resolution is smaller than the highest.
    public var downsamplingFactor: Int { 1 << (blockOutChannels.count - 1) }
}

extension UNet2DConditionConfiguration: Codable {
    private enum CodingKeys: String, CodingKey {
        case className = "_class_name"
        case sampleSize = "sample_size"
        case inChannels = "in_channels"
        case outChannels = "out_channels"
        case blockOutChannels = "block_out_channels"
        case downBlockTypes = "down_block_types"
        case midBlockType = "mid_block_type"
        case upBlockTypes = "up_block_types"
        case layersPerBlock = "layers_per_block"
        case crossAttentionDim = "cross_attention_dim"
        case headCounts = "attention_head_dim"
        case usesLinearProjection = "use_linear_projection"
        case normGroups = "norm_num_groups"
        case normEpsilon = "norm_eps"
        case centerInputSample = "center_input_sample"
        case flipSinToCos = "flip_sin_to_cos"
        case freqShift = "freq_shift"
        case onlyCrossAttention = "only_cross_attention"
        case downsamplePadding = "downsample_padding"
        case midBlockScaleFactor = "mid_block_scale_factor"
        case dropout
        case activation = "act_fn"
        case transformerLayersPerBlock = "transformer_layers_per_block"
        case reverseTransformerLayersPerBlock = "reverse_transformer_layers_per_block"
        case encoderHidDim = "encoder_hid_dim"
        case encoderHidDimType = "encoder_hid_dim_type"
        case numAttentionHeads = "num_attention_heads"
        case dualCrossAttention = "dual_cross_attention"
        case classEmbedType = "class_embed_type"
        case additionEmbedType = "addition_embed_type"
        case numClassEmbeds = "num_class_embeds"
        case resnetTimeScaleShift = "resnet_time_scale_shift"
        case resnetSkipTimeAct = "resnet_skip_time_act"
        case resnetOutScaleFactor = "resnet_out_scale_factor"
        case timeEmbeddingType = "time_embedding_type"
        case timeEmbeddingDim = "time_embedding_dim"
        case timeEmbeddingActivation = "time_embedding_act_fn"
        case timestepPostActivation = "timestep_post_act"
        case timeCondProjDim = "time_cond_proj_dim"
        case convInKernel = "conv_in_kernel"
        case convOutKernel = "conv_out_kernel"
        case attentionType = "attention_type"
        case midBlockOnlyCrossAttention = "mid_block_only_cross_attention"
        case crossAttentionNorm = "cross_attention_norm"
    }

    /// Reads `config.json`; what this package does not have is refused by name.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try Self.refuseUnsupported(in: container)
        func value<Value: Decodable>(_ key: CodingKeys, else standard: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? standard
        }
        func uniform(_ key: CodingKeys, else standard: Int) throws -> Int {
            try container.decodeUniform(Int.self, forKey: key) ?? standard
        }
        self.init()
        if let sides = try? container.decode([Int].self, forKey: .sampleSize), sides.count == 2 {
            (sampleHeight, sampleWidth) = (sides[0], sides[1])
        } else {
            sampleHeight = try value(.sampleSize, else: sampleHeight)
            sampleWidth = sampleHeight
        }
        inChannels = try value(.inChannels, else: inChannels)
        outChannels = try value(.outChannels, else: outChannels)
        blockOutChannels = try value(.blockOutChannels, else: blockOutChannels)
        layersPerBlock = try uniform(.layersPerBlock, else: layersPerBlock)
        crossAttentionDim = try uniform(.crossAttentionDim, else: crossAttentionDim)
        usesLinearProjection = try value(.usesLinearProjection, else: usesLinearProjection)
        normGroups = try value(.normGroups, else: normGroups)
        normEpsilon = try value(.normEpsilon, else: normEpsilon)
        downAttends = try Self.attends(container, .downBlockTypes, Self.downNames) ?? downAttends
        upAttends = try Self.attends(container, .upBlockTypes, Self.upNames) ?? upAttends
        if let counts = try? container.decode([Int].self, forKey: .headCounts) {
            headCounts = counts
        } else {
            let count = try value(.headCounts, else: 8)
            headCounts = blockOutChannels.map { _ in count }
        }
        try validate(container)
    }

    /// The names of blocks without and with attention.
    private static let downNames = ["DownBlock2D", "CrossAttnDownBlock2D"]
    private static let upNames = ["UpBlock2D", "CrossAttnUpBlock2D"]

    private static func attends(
        _ container: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys, _ names: [String]
    ) throws -> [Bool]? {
        try container.decodeIfPresent([String].self, forKey: key)?.map { name in
            guard let index = names.firstIndex(of: name) else {
                throw container.refusal(of: key, found: name, expected: names.joined(separator: " or "))
            }
            return index == 1
        }
    }

    private static func refuseUnsupported(in container: KeyedDecodingContainer<CodingKeys>) throws {
        try container.require("UNet2DConditionModel", forKey: .className)
        try container.require("UNetMidBlock2DCrossAttn", forKey: .midBlockType)
        try container.requireSiLU(forKey: .activation)
        try container.require("default", forKey: .resnetTimeScaleShift)
        try container.require("positional", forKey: .timeEmbeddingType)
        try container.require("default", forKey: .attentionType)
        for key in [
            CodingKeys.centerInputSample, .onlyCrossAttention, .dualCrossAttention, .resnetSkipTimeAct,
        ] {
            try container.require(false, forKey: key)
        }
        try container.require(true, forKey: .flipSinToCos)
        for (key, number) in [
            (CodingKeys.freqShift, 0.0), (.dropout, 0), (.downsamplePadding, 1), (.midBlockScaleFactor, 1),
            (.transformerLayersPerBlock, 1), (.resnetOutScaleFactor, 1), (.convInKernel, 3),
            (.convOutKernel, 3),
        ] {
            try container.require(number, forKey: key)
        }
        for key in [
            CodingKeys.reverseTransformerLayersPerBlock, .encoderHidDim, .encoderHidDimType,
            .numAttentionHeads,
            .classEmbedType, .additionEmbedType, .numClassEmbeds, .timeEmbeddingDim, .timeEmbeddingActivation,
            .timestepPostActivation, .timeCondProjDim, .midBlockOnlyCrossAttention, .crossAttentionNorm,
        ] {
            try container.requireNone(forKey: key)
        }
    }

    private func validate(_ container: KeyedDecodingContainer<CodingKeys>) throws {
        func check(_ key: CodingKeys, _ found: Any, _ holds: Bool, _ expected: String) throws {
            guard holds else { throw container.refusal(of: key, found: found, expected: expected) }
        }
        let sizes = 1...65_536
        let levels = blockOutChannels.count
        for size in [sampleHeight, sampleWidth] {
            try check(.sampleSize, size, sizes.contains(size), "from 1 to 65536")
        }
        try check(.inChannels, inChannels, sizes.contains(inChannels), "from 1 to 65536")
        try check(.outChannels, outChannels, sizes.contains(outChannels), "from 1 to 65536")
        try check(.layersPerBlock, layersPerBlock, (1...64).contains(layersPerBlock), "from 1 to 64")
        try check(.crossAttentionDim, crossAttentionDim, sizes.contains(crossAttentionDim), "from 1 to 65536")
        try check(.normEpsilon, normEpsilon, normEpsilon > 0, "above 0")
        try check(.normGroups, normGroups, sizes.contains(normGroups), "from 1 to 65536")
        try check(
            .blockOutChannels, blockOutChannels,
            (1...8).contains(levels)
                && blockOutChannels.allSatisfy {
                    sizes.contains($0) && $0.isMultiple(of: normGroups) && $0.isMultiple(of: 2)
                },
            "up to 8 even multiples of `norm_num_groups`, which is \(normGroups)")
        try check(
            .downBlockTypes, "of \(downAttends.count)", downAttends.count == levels, "of \(levels) blocks")
        try check(.upBlockTypes, "of \(upAttends.count)", upAttends.count == levels, "of \(levels) blocks")
        try check(
            .headCounts, headCounts,
            headCounts.count == levels
                && zip(headCounts, blockOutChannels).allSatisfy { $0 > 0 && $1.isMultiple(of: $0) },
            "divisors of `block_out_channels`, which is \(blockOutChannels)")
    }

    /// Writes what diffusers reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("UNet2DConditionModel", forKey: .className)
        if sampleHeight == sampleWidth {
            try container.encode(sampleHeight, forKey: .sampleSize)
        } else {
            try container.encode([sampleHeight, sampleWidth], forKey: .sampleSize)
        }
        try container.encode(inChannels, forKey: .inChannels)
        try container.encode(outChannels, forKey: .outChannels)
        try container.encode(blockOutChannels, forKey: .blockOutChannels)
        try container.encode(downAttends.map { Self.downNames[$0 ? 1 : 0] }, forKey: .downBlockTypes)
        try container.encode("UNetMidBlock2DCrossAttn", forKey: .midBlockType)
        try container.encode(upAttends.map { Self.upNames[$0 ? 1 : 0] }, forKey: .upBlockTypes)
        try container.encode(layersPerBlock, forKey: .layersPerBlock)
        try container.encode(crossAttentionDim, forKey: .crossAttentionDim)
        try container.encode(headCounts, forKey: .headCounts)
        try container.encode(usesLinearProjection, forKey: .usesLinearProjection)
        try container.encode(normGroups, forKey: .normGroups)
        try container.encode(normEpsilon, forKey: .normEpsilon)
    }
}

extension KeyedDecodingContainer {
    /// Refuses another activation than SiLU, which is also called swish.
    func requireSiLU(forKey key: Key) throws {
        guard let name = try decodeIfPresent(String.self, forKey: key), !["silu", "swish"].contains(name)
        else { return }
        throw refusal(of: key, found: name, expected: "silu")
    }
}
