// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch
import Weights

/// The sizes of a ``CLIPModel``, as its `config.json` gives them.
public struct CLIPConfiguration: Equatable, Sendable {
    /// Those of the encoder of texts.
    public var text = CLIPTextConfiguration()
    /// Those of the encoder of images.
    public var vision = CLIPVisionConfiguration()
    /// The length of the vectors that both make.
    public var projectionSize = 512

    /// OpenAI's ViT-B/32, which transformers takes where nothing is said: 151,277,313 parameters.
    public init() {}
}

extension CLIPConfiguration: Decodable {
    private enum CodingKeys: String, CodingKey {
        case kind = "model_type"
        case text = "text_config"
        case vision = "vision_config"
        case projectionSize = "projection_dim"
    }

    /// Reads `config.json`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        try container.require("clip", forKey: .kind)
        text = try container.decode(CLIPTextConfiguration.self, forKey: .text)
        vision = try container.decode(CLIPVisionConfiguration.self, forKey: .vision)
        projectionSize = try container.decodeIfPresent(Int.self, forKey: .projectionSize) ?? projectionSize
        guard (1...65_536).contains(projectionSize) else {
            throw container.refusal(
                of: .projectionSize, found: projectionSize, expected: "from 1 to 65536")
        }
    }
}
