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
            layers.append(
                CLIPLayer(configuration, isCausal: true, initialisation: initialisation, from: &stream))
        }
        self.layers = layers
        finalNorm = LayerNorm(size, epsilon: configuration.normEpsilon)
    }

    /// The layers under their published names.
    public var children: [Child] {
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

    /// What each prompt means as a whole: the vector at its end, which CLIP was trained to match with images.
    ///
    /// The end is the first ``CLIPTextConfiguration/endToken``. Where that is 2, which many published files say by mistake,
    /// it is the first of the largest token, as it is in transformers.
    ///
    /// - Parameter prompts: as for ``callAsFunction(_:)``, each with an end.
    /// - Returns: `[N, hiddenSize]`, after the last normalisation.
    public func pooled(_ prompts: Tensor) -> Tensor {
        let length = prompts.shape[1]
        let tokens = prompts.array(as: Int.self)
        let ends = stride(from: 0, to: tokens.count, by: length).map { start -> Int in
            let prompt = tokens[start..<start + length]
            let token = configuration.endToken == 2 ? prompt.max() : configuration.endToken
            guard let end = prompt.firstIndex(where: { $0 == token }) else {
                preconditionFailure("prompt \(start / length) has no end, \(configuration.endToken)")
            }
            return end
        }
        return self(prompts).reshaped([-1, configuration.hiddenSize])
            .indexed(by: Tensor(ends, device: prompts.device))
    }

    /// The network's name of a tensor of a file; nil for what other parts of CLIP need, or none.
    public static func ownName(of stored: String) -> String? {
        let prefix = "text_model."
        let name = stored.hasPrefix(prefix) ? String(stored.dropFirst(prefix.count)) : stored
        return ["embeddings.position_ids", "text_projection.weight"].contains(name) ? nil : name
    }
}
