// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch
import Weights

/// The sizes of a ``CLIPTextModel``, as `text_encoder/config.json` gives them. Settings that the file lacks have the values
/// that transformers takes.
public struct CLIPTextConfiguration: Equatable, Sendable {
    /// What stands between the two layers of a block.
    public enum Activation: String, Codable, Sendable {
        /// `x sigmoid(1.702 x)`, as OpenAI trained with.
        case quickGELU = "quick_gelu"
        /// `x Phi(x)`, as OpenCLIP did.
        case gelu
    }

    /// The number of tokens.
    public var vocabularySize = 49_408
    /// The length of a token's row.
    public var hiddenSize = 512
    /// The length between the two layers of a block.
    public var intermediateSize = 2048
    /// The number of blocks.
    public var layers = 12
    /// The heads of attention, a divisor of ``hiddenSize``.
    public var heads = 8
    /// How many tokens a prompt has.
    public var positions = 77
    /// What stands between the two layers of a block.
    public var activation = Activation.quickGELU
    /// What the normalisations add to the variance.
    public var normEpsilon = 1e-5
    /// The token after a text, or 2, see ``CLIPTextModel/pooled(_:)``.
    public var endToken = 49_407

    /// The sizes that transformers takes where nothing is said.
    public init() {}

    /// OpenAI's ViT-L/14, which Stable Diffusion 1 uses: 123,060,480 parameters.
    public static let vitL14: CLIPTextConfiguration = {
        var configuration = CLIPTextConfiguration()
        configuration.hiddenSize = 768
        configuration.intermediateSize = 3072
        configuration.heads = 12
        return configuration
    }()

    /// OpenCLIP's ViT-H/14 without its last block, as Stable Diffusion 2 uses it: 340,387,840 parameters.
    public static let vitH14: CLIPTextConfiguration = {
        var configuration = CLIPTextConfiguration()
        configuration.hiddenSize = 1024
        configuration.intermediateSize = 4096
        configuration.layers = 23
        configuration.heads = 16
        configuration.activation = .gelu
        return configuration
    }()
}

extension CLIPTextConfiguration: Codable {
    private enum CodingKeys: String, CodingKey {
        case architectures
        case kind = "model_type"
        case dtype
        case vocabularySize = "vocab_size"
        case hiddenSize = "hidden_size"
        case intermediateSize = "intermediate_size"
        case layers = "num_hidden_layers"
        case heads = "num_attention_heads"
        case positions = "max_position_embeddings"
        case activation = "hidden_act"
        case normEpsilon = "layer_norm_eps"
        case endToken = "eos_token_id"
    }

    /// Reads `config.json`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys, else standard: Value) throws -> Value {
            try container.decodeIfPresent(Value.self, forKey: key) ?? standard
        }
        func check(_ key: CodingKeys, _ found: Any, _ holds: Bool, _ expected: String) throws {
            guard holds else { throw container.refusal(of: key, found: found, expected: expected) }
        }
        self.init()
        vocabularySize = try value(.vocabularySize, else: vocabularySize)
        hiddenSize = try value(.hiddenSize, else: hiddenSize)
        intermediateSize = try value(.intermediateSize, else: intermediateSize)
        layers = try value(.layers, else: layers)
        heads = try value(.heads, else: heads)
        positions = try value(.positions, else: positions)
        normEpsilon = try value(.normEpsilon, else: normEpsilon)
        endToken = try value(.endToken, else: endToken)
        let name = try value(.activation, else: activation.rawValue)
        guard let activation = Activation(rawValue: name) else {
            throw container.refusal(of: .activation, found: name, expected: "quick_gelu or gelu")
        }
        self.activation = activation
        for (key, size, largest) in [
            (CodingKeys.vocabularySize, vocabularySize, 1 << 24), (.hiddenSize, hiddenSize, 65_536),
            (.intermediateSize, intermediateSize, 1 << 20), (.layers, layers, 1024),
        ] {
            try check(key, size, (1...largest).contains(size), "from 1 to \(largest)")
        }
        try check(.positions, positions, (2...65_536).contains(positions), "from 2 to 65536")
        try check(.normEpsilon, normEpsilon, normEpsilon > 0, "above 0")
        try check(
            .heads, heads, heads > 0 && hiddenSize.isMultiple(of: heads),
            "a divisor of `hidden_size`, which is \(hiddenSize)")
    }

    /// Writes what transformers reads.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(["CLIPTextModel"], forKey: .architectures)
        try container.encode("clip_text_model", forKey: .kind)
        // What transformers computes in unless it is told otherwise, whatever the weights are stored as: diffusers' networks
        // do so too.
        try container.encode("float32", forKey: .dtype)
        try container.encode(vocabularySize, forKey: .vocabularySize)
        try container.encode(hiddenSize, forKey: .hiddenSize)
        try container.encode(intermediateSize, forKey: .intermediateSize)
        try container.encode(layers, forKey: .layers)
        try container.encode(heads, forKey: .heads)
        try container.encode(positions, forKey: .positions)
        try container.encode(activation, forKey: .activation)
        try container.encode(normEpsilon, forKey: .normEpsilon)
        try container.encode(endToken, forKey: .endToken)
    }
}
