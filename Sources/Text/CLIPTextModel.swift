// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// CLIP's text encoder: a transformer whose tokens attend to those before them.
///
/// Source: Radford et al. 2021, section 2.4 (arXiv 2103.00020). The paths of its tensors are those of transformers, without
/// the prefix `text_model.` of older files.
public final class CLIPTextModel: Module {
    /// The sizes that make up the network.
    public let configuration: CLIPTextConfiguration

    private let tokens: Embedding
    private let positions: Embedding
    private let layers: [CLIPLayer]
    private let finalNorm: LayerNorm

    /// A network with new weights, float32 on the CPU.
    ///
    /// - Parameters:
    ///   - configuration: valid sizes.
    ///   - initialisation: how the weights are drawn.
    ///   - stream: what they are drawn from.
    public init(
        _ configuration: CLIPTextConfiguration, initialisation: Initialisation = .fanInUniform,
        from stream: inout RandomStream
    ) {
        self.configuration = configuration
        let size = configuration.hiddenSize
        tokens = Embedding(
            configuration.vocabularySize, size, initialisation: initialisation, from: &stream)
        positions = Embedding(configuration.positions, size, initialisation: initialisation, from: &stream)
        var layers: [CLIPLayer] = []
        for _ in 0..<configuration.layers {
            layers.append(CLIPLayer(configuration, initialisation: initialisation, from: &stream))
        }
        self.layers = layers
        finalNorm = LayerNorm(size, epsilon: configuration.normEpsilon)
    }

    /// The layers under their published names.
    public var members: [Member] {
        [
            .module("embeddings.token_embedding", tokens),
            .module("embeddings.position_embedding", positions),
        ] + layers.enumerated().map { .module("encoder.layers.\($0)", $1) } + [
            .module("final_layer_norm", finalNorm)
        ]
    }

    /// What each token means in its place.
    ///
    /// - Parameter prompts: int64 `[N, m]` from 0 to `vocabularySize - 1`, m at most `positions`.
    /// - Returns: `[N, m, hiddenSize]`, after the last normalisation.
    public func callAsFunction(_ prompts: Tensor) -> Tensor {
        let places = Tensor.arange(prompts.shape[1], device: prompts.device)
        return finalNorm(layers.reduce(tokens(prompts) + positions(places)) { $1($0) })
    }

    /// The network's name of a tensor of a file; nil for what other parts of CLIP need, or none.
    public static func ownName(of stored: String) -> String? {
        let prefix = "text_model."
        let name = stored.hasPrefix(prefix) ? String(stored.dropFirst(prefix.count)) : stored
        return ["embeddings.position_ids", "text_projection.weight"].contains(name) ? nil : name
    }
}

/// A block of a ``CLIPTextModel``.
private final class CLIPLayer: Recomputing {
    var recomputes = false

    private let heads: Int
    private let activation: CLIPTextConfiguration.Activation
    private let norm1: LayerNorm
    private let key: Linear
    private let value: Linear
    private let query: Linear
    private let output: Linear
    private let norm2: LayerNorm
    private let first: Linear
    private let second: Linear

    init(
        _ configuration: CLIPTextConfiguration, initialisation: Initialisation,
        from stream: inout RandomStream
    ) {
        func linear(_ inputs: Int, _ outputs: Int) -> Linear {
            Linear(inputs, outputs, initialisation: initialisation, from: &stream)
        }
        let size = configuration.hiddenSize
        heads = configuration.heads
        activation = configuration.activation
        key = linear(size, size)
        value = linear(size, size)
        query = linear(size, size)
        output = linear(size, size)
        norm1 = LayerNorm(size, epsilon: configuration.normEpsilon)
        first = linear(size, configuration.intermediateSize)
        second = linear(configuration.intermediateSize, size)
        norm2 = LayerNorm(size, epsilon: configuration.normEpsilon)
    }

    var members: [Member] {
        [
            .module("self_attn.k_proj", key), .module("self_attn.v_proj", value),
            .module("self_attn.q_proj", query), .module("self_attn.out_proj", output),
            .module("layer_norm1", norm1), .module("mlp.fc1", first), .module("mlp.fc2", second),
            .module("layer_norm2", norm2),
        ]
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        checkpointed([x]) { [self] inputs in
            let y = inputs[0] + attention(norm1(inputs[0]))
            return y + second(activated(first(norm2(y))))
        }
    }

    private func attention(_ x: Tensor) -> Tensor {
        let shape = x.shape
        func split(_ tokens: Tensor) -> Tensor {
            tokens.reshaped([shape[0], shape[1], heads, shape[2] / heads]).transposed(1, 2)
        }
        let gathered = Tensor.attention(
            query: split(query(x)), key: split(key(x)), value: split(value(x)), isCausal: true)
        return output(gathered.transposed(1, 2).reshaped(shape))
    }

    private func activated(_ x: Tensor) -> Tensor {
        switch activation {
        case .quickGELU: x * (x * 1.702).sigmoid()
        case .gelu: x.gelu()
        }
    }
}
