// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch
import Weights

/// The sizes of a ``CLIPVisionModel``, as `vision_config` in CLIP's `config.json` gives them. Settings that the file lacks
/// have the values that transformers takes.
public struct CLIPVisionConfiguration: Equatable, Sendable, CLIPLayerSizes {
    /// The length of a patch's vector.
    public var hiddenSize = 768
    /// The length between the two layers of a block.
    public var intermediateSize = 3072
    /// The number of blocks.
    public var layers = 12
    /// The heads of attention, a divisor of ``hiddenSize``.
    public var heads = 12
    /// The height and width of images.
    public var imageSize = 224
    /// The height and width of a patch, at most ``imageSize``; what is left of it is not looked at.
    public var patchSize = 32
    /// What stands between the two layers of a block.
    public var activation = CLIPTextConfiguration.Activation.quickGELU
    /// What the normalisations add to the variance.
    public var normEpsilon = 1e-5

    /// OpenAI's ViT-B/32, which transformers takes where nothing is said.
    public init() {}
}

extension CLIPVisionConfiguration: Decodable {
    private enum CodingKeys: String, CodingKey {
        case hiddenSize = "hidden_size"
        case intermediateSize = "intermediate_size"
        case layers = "num_hidden_layers"
        case heads = "num_attention_heads"
        case channels = "num_channels"
        case imageSize = "image_size"
        case patchSize = "patch_size"
        case activation = "hidden_act"
        case normEpsilon = "layer_norm_eps"
    }

    /// Reads `vision_config`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func size(_ key: CodingKeys, else standard: Int, atMost largest: Int) throws -> Int {
            let size = try container.decodeIfPresent(Int.self, forKey: key) ?? standard
            guard (1...largest).contains(size) else {
                throw container.refusal(of: key, found: size, expected: "from 1 to \(largest)")
            }
            return size
        }
        self.init()
        try container.require(3, forKey: .channels)
        hiddenSize = try size(.hiddenSize, else: hiddenSize, atMost: 65_536)
        intermediateSize = try size(.intermediateSize, else: intermediateSize, atMost: 1 << 20)
        layers = try size(.layers, else: layers, atMost: 1024)
        imageSize = try size(.imageSize, else: imageSize, atMost: 4096)
        patchSize = try size(.patchSize, else: patchSize, atMost: imageSize)
        heads = try size(.heads, else: heads, atMost: hiddenSize)
        guard hiddenSize.isMultiple(of: heads) else {
            throw container.refusal(
                of: .heads, found: heads, expected: "a divisor of `hidden_size`, which is \(hiddenSize)")
        }
        normEpsilon = try container.decodeIfPresent(Double.self, forKey: .normEpsilon) ?? normEpsilon
        guard normEpsilon > 0 else {
            throw container.refusal(of: .normEpsilon, found: normEpsilon, expected: "above 0")
        }
        let name = try container.decodeIfPresent(String.self, forKey: .activation) ?? activation.rawValue
        guard let activation = CLIPTextConfiguration.Activation(rawValue: name) else {
            throw container.refusal(of: .activation, found: name, expected: "quick_gelu or gelu")
        }
        self.activation = activation
    }
}
