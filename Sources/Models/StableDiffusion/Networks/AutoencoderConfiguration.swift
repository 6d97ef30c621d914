// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// The sizes of an autoencoder of either kind.
public enum AutoencoderConfiguration: Decodable, Equatable, Sendable {
    /// ``AutoencoderKL``
    case full(AutoencoderKLConfiguration)
    /// ``AutoencoderTiny``
    case tiny(AutoencoderTinyConfiguration)

    private enum CodingKeys: String, CodingKey { case className = "_class_name" }

    /// Reads `config.json`, which names the kind.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let isTiny = try container.decodeIfPresent(String.self, forKey: .className) == "AutoencoderTiny"
        self = isTiny ? .tiny(try .init(from: decoder)) : .full(try .init(from: decoder))
    }

    /// The channels of the latents.
    public var latentChannels: Int { sizes.latentChannels }

    /// How many pixels of an image are as wide as one of its latents.
    public var reduction: Int { sizes.reduction }

    /// What the autoencoder's latents are multiplied by to be those that the diffusion model sees.
    public var scalingFactor: Double { sizes.scalingFactor }

    /// What diffusers calls the network.
    package var className: String {
        switch self {
        case .full: "AutoencoderKL"
        case .tiny: "AutoencoderTiny"
        }
    }

    /// The latents in words.
    var latents: String { "\(latentChannels) channels for each \(reduction) x \(reduction) pixels" }

    private var sizes: any LatentSizes {
        switch self {
        case .full(let sizes): sizes
        case .tiny(let sizes): sizes
        }
    }
}

/// What both kinds have.
private protocol LatentSizes {
    var latentChannels: Int { get }
    var reduction: Int { get }
    var scalingFactor: Double { get }
}

extension AutoencoderKLConfiguration: LatentSizes {
    /// Two for each resolution but the first.
    var reduction: Int { 1 << (blockOutChannels.count - 1) }
}

extension AutoencoderTinyConfiguration: LatentSizes {
    /// Two for each resolution but the first.
    var reduction: Int { 1 << (encoderBlocks.count - 1) }
}
