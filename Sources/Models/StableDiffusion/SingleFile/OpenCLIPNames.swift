// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import Torch

/// The text encoder of Stable Diffusion 2 as its single files have it, by OpenCLIP's names: queries, keys and values are one matrix, and
/// there is a last block that the model does not use.
enum OpenCLIPNames {
    /// What the names begin with in a file.
    static let prefix = "cond_stage_model.model."

    private static let layers = [
        "ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
        "attn.out_proj": "self_attn.out_proj",
    ]
    private static let others = [
        "token_embedding.weight": "embeddings.token_embedding.weight",
        "positional_embedding": "embeddings.position_embedding.weight",
        "ln_final.weight": "final_layer_norm.weight", "ln_final.bias": "final_layer_norm.bias",
    ]

    /// The number of the block that a tensor is of; nil for one outside the blocks.
    static func block(of name: String) -> Int? {
        let words = name.split(separator: ".")
        guard words.count > 3, words[0] == "transformer", words[1] == "resblocks" else { return nil }
        return Int(words[2])
    }

    /// The names that transformers has for a tensor, without `text_model.`: three for one of queries, keys and values, none for one that
    /// is not needed.
    static func transformers(_ name: String) -> [String] {
        guard let block = block(of: name) else { return others[name].map { [$0] } ?? [] }
        let place = "encoder.layers.\(block)"
        let inner = name.split(separator: ".").dropFirst(3).joined(separator: ".")
        for kind in ["weight", "bias"] {
            if inner == "attn.in_proj_\(kind)" {
                return ["q", "k", "v"].map { "\(place).self_attn.\($0)_proj.\(kind)" }
            }
            guard inner.hasSuffix(".\(kind)") else { continue }
            if let own = layers[String(inner.dropLast(kind.count + 1))] { return ["\(place).\(own).\(kind)"] }
        }
        return []
    }
}
