// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch
import Weights

/// The sizes of an ``AutoencoderKL``, as `vae/config.json` gives them. Settings that the file lacks have the values that
/// diffusers takes.
public struct AutoencoderKLConfiguration: Equatable, Sendable {
    /// The channels of images.
    public var imageChannels = 3
    /// The channels of latents.
    public var latentChannels = 4
    /// The channels of each resolution, from the highest down.
    public var blockOutChannels = [64]
    /// The residual blocks of a resolution of the encoder; the decoder has one more.
    public var layersPerBlock = 1
    /// The groups of each normalisation.
    public var normGroups = 32
    /// What latents are multiplied by, so that they have about unit variance.
    public var scalingFactor = 0.18215

    /// The sizes that diffusers takes where nothing is said.
    public init() {}

    /// That of Stable Diffusion 1 and 2: 83,653,863 parameters.
    public static let stableDiffusion: AutoencoderKLConfiguration = {
        var configuration = AutoencoderKLConfiguration()
        configuration.blockOutChannels = [128, 256, 512, 512]
        configuration.layersPerBlock = 2
        return configuration
    }()
}

extension AutoencoderKLConfiguration: Codable {
    private enum CodingKeys: String, CodingKey {
        case className = "_class_name"
        case inChannels = "in_channels"
        case outChannels = "out_channels"
        case downBlockTypes = "down_block_types"
        case upBlockTypes = "up_block_types"
        case blockOutChannels = "block_out_channels"
        case layersPerBlock = "layers_per_block"
        case activation = "act_fn"
        case latentChannels = "latent_channels"
        case normGroups = "norm_num_groups"
        case scalingFactor = "scaling_factor"
        case shiftFactor = "shift_factor"
        case latentsMean = "latents_mean"
        case latentsStd = "latents_std"
        case useQuantConv = "use_quant_conv"
        case usePostQuantConv = "use_post_quant_conv"
        case midBlockAddAttention = "mid_block_add_attention"
    }

    /// Reads `config.json`; what this package does not have is refused by name.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        try container.require("AutoencoderKL", forKey: .className)
        try container.requireSiLU(forKey: .activation)
        for key in [CodingKeys.useQuantConv, .usePostQuantConv, .midBlockAddAttention] {
            try container.require(true, forKey: key)
        }
        for key in [CodingKeys.shiftFactor, .latentsMean, .latentsStd] {
            try container.requireNone(forKey: key)
        }
        func value<Value: Decodable>(_ key: CodingKeys, else standard: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? standard
        }
        imageChannels = try value(.inChannels, else: imageChannels)
        latentChannels = try value(.latentChannels, else: latentChannels)
        blockOutChannels = try value(.blockOutChannels, else: blockOutChannels)
        layersPerBlock = try value(.layersPerBlock, else: layersPerBlock)
        normGroups = try value(.normGroups, else: normGroups)
        scalingFactor = try value(.scalingFactor, else: scalingFactor)
        try container.require(
            blockOutChannels.map { _ in "DownEncoderBlock2D" }, forKey: .downBlockTypes)
        try container.require(blockOutChannels.map { _ in "UpDecoderBlock2D" }, forKey: .upBlockTypes)
        try validate(container)
    }

    private func validate(_ container: KeyedDecodingContainer<CodingKeys>) throws {
        func check(_ key: CodingKeys, _ found: Any, _ holds: Bool, _ expected: String) throws {
            guard holds else { throw container.refusal(of: key, found: found, expected: expected) }
        }
        let sizes = 1...65_536
        try check(.inChannels, imageChannels, sizes.contains(imageChannels), "from 1 to 65536")
        try container.require(imageChannels, forKey: .outChannels)
        try check(.latentChannels, latentChannels, sizes.contains(latentChannels), "from 1 to 65536")
        try check(.layersPerBlock, layersPerBlock, (1...64).contains(layersPerBlock), "from 1 to 64")
        try check(.normGroups, normGroups, sizes.contains(normGroups), "from 1 to 65536")
        try check(.scalingFactor, scalingFactor, scalingFactor > 0, "above 0")
        try check(
            .blockOutChannels, blockOutChannels,
            (1...8).contains(blockOutChannels.count)
                && blockOutChannels.allSatisfy { sizes.contains($0) && $0.isMultiple(of: normGroups) },
            "up to 8 multiples of `norm_num_groups`, which is \(normGroups)")
    }

    /// Writes what diffusers reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("AutoencoderKL", forKey: .className)
        try container.encode(imageChannels, forKey: .inChannels)
        try container.encode(imageChannels, forKey: .outChannels)
        try container.encode(blockOutChannels.map { _ in "DownEncoderBlock2D" }, forKey: .downBlockTypes)
        try container.encode(blockOutChannels.map { _ in "UpDecoderBlock2D" }, forKey: .upBlockTypes)
        try container.encode(blockOutChannels, forKey: .blockOutChannels)
        try container.encode(layersPerBlock, forKey: .layersPerBlock)
        try container.encode(latentChannels, forKey: .latentChannels)
        try container.encode(normGroups, forKey: .normGroups)
        try container.encode(scalingFactor, forKey: .scalingFactor)
    }
}
