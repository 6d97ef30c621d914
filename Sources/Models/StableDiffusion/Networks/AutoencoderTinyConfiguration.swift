// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch
import Weights

/// The sizes of an ``AutoencoderTiny``, as its `config.json` gives them. Settings that the file lacks have the values that
/// diffusers takes, which are those of the published network, of 2,445,063 parameters.
public struct AutoencoderTinyConfiguration: Equatable, Sendable {
    /// The channels of images.
    public var imageChannels = 3
    /// The channels of latents.
    public var latentChannels = 4
    /// The channels within.
    public var channels = 64
    /// The blocks at each resolution of the encoder, from the highest down.
    public var encoderBlocks = [1, 3, 3, 3]
    /// The blocks at each resolution of the decoder, from the lowest up.
    public var decoderBlocks = [3, 3, 3, 1]
    /// What latents are multiplied by.
    public var scalingFactor = 1.0

    /// The published sizes.
    public init() {}
}

extension AutoencoderTinyConfiguration: Codable {
    private enum CodingKeys: String, CodingKey {
        case className = "_class_name"
        case inChannels = "in_channels"
        case outChannels = "out_channels"
        case encoderWidths = "encoder_block_out_channels"
        case decoderWidths = "decoder_block_out_channels"
        case activation = "act_fn"
        case upsampling = "upsample_fn"
        case latentChannels = "latent_channels"
        case upsamplingFactor = "upsampling_scaling_factor"
        case encoderBlocks = "num_encoder_blocks"
        case decoderBlocks = "num_decoder_blocks"
        case scalingFactor = "scaling_factor"
        case shiftFactor = "shift_factor"
    }

    /// Reads `config.json`; what this package does not have is refused by name.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        try container.require("AutoencoderTiny", forKey: .className)
        try container.require("relu", forKey: .activation)
        try container.require("nearest", forKey: .upsampling)
        try container.require(2, forKey: .upsamplingFactor)
        try container.require(0.0, forKey: .shiftFactor)
        func value<Value: Decodable>(_ key: CodingKeys, else standard: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? standard
        }
        imageChannels = try value(.inChannels, else: imageChannels)
        latentChannels = try value(.latentChannels, else: latentChannels)
        encoderBlocks = try value(.encoderBlocks, else: encoderBlocks)
        decoderBlocks = try value(.decoderBlocks, else: decoderBlocks)
        scalingFactor = try value(.scalingFactor, else: scalingFactor)
        channels = try value(.encoderWidths, else: [channels]).first ?? 0
        try validate(container)
        try container.require(imageChannels, forKey: .outChannels)
        try container.require(encoderBlocks.map { _ in channels }, forKey: .encoderWidths)
        try container.require(decoderBlocks.map { _ in channels }, forKey: .decoderWidths)
    }

    private func validate(_ container: KeyedDecodingContainer<CodingKeys>) throws {
        func check(_ key: CodingKeys, _ found: Any, _ holds: Bool, _ expected: String) throws {
            guard holds else { throw container.refusal(of: key, found: found, expected: expected) }
        }
        let sizes = 1...65_536
        try check(.inChannels, imageChannels, sizes.contains(imageChannels), "from 1 to 65536")
        try check(.latentChannels, latentChannels, sizes.contains(latentChannels), "from 1 to 65536")
        try check(.encoderWidths, channels, sizes.contains(channels), "from 1 to 65536")
        try check(.scalingFactor, scalingFactor, scalingFactor > 0, "above 0")
        for (key, blocks) in [(CodingKeys.encoderBlocks, encoderBlocks), (.decoderBlocks, decoderBlocks)] {
            try check(
                key, blocks, (1...8).contains(blocks.count) && blocks.allSatisfy { (0...64).contains($0) },
                "up to 8 numbers from 0 to 64")
        }
        try check(
            .decoderBlocks, decoderBlocks, decoderBlocks.count == encoderBlocks.count,
            "as many numbers as `num_encoder_blocks` has, which are \(encoderBlocks.count)")
    }

    /// Writes what diffusers reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode("AutoencoderTiny", forKey: .className)
        try container.encode(imageChannels, forKey: .inChannels)
        try container.encode(imageChannels, forKey: .outChannels)
        try container.encode(latentChannels, forKey: .latentChannels)
        try container.encode(encoderBlocks.map { _ in channels }, forKey: .encoderWidths)
        try container.encode(decoderBlocks.map { _ in channels }, forKey: .decoderWidths)
        try container.encode(encoderBlocks, forKey: .encoderBlocks)
        try container.encode(decoderBlocks, forKey: .decoderBlocks)
        try container.encode(scalingFactor, forKey: .scalingFactor)
    }
}
