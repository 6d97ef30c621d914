// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// CLIP's image encoder: a transformer of an image's patches and one more token, which comes to stand for all of it.
///
/// Source: Dosovitskiy et al. 2021, section 3.1 (arXiv 2010.11929); with a normalisation before the first block, Radford et
/// al. 2021, section 2.4 (arXiv 2103.00020). The paths of its tensors are those of transformers.
public final class CLIPVisionModel: Module {
    /// The sizes that make up the network.
    public let configuration: CLIPVisionConfiguration

    /// `[hiddenSize]`.
    private let classToken: Tensor
    /// `[hiddenSize, 3, patchSize, patchSize]`.
    private let patches: Tensor
    private let positions: Embedding
    private let firstNorm: LayerNorm
    private let layers: [CLIPLayer]
    private let finalNorm: LayerNorm

    /// A network with new weights, float32 on the CPU.
    ///
    /// - Parameters:
    ///   - configuration: valid sizes.
    ///   - initialisation: how the weights are drawn.
    ///   - stream: what they are drawn from.
    public init(
        _ configuration: CLIPVisionConfiguration, initialisation: Initialisation = .fanInUniform,
        from stream: inout RandomStream
    ) {
        self.configuration = configuration
        let (size, patch) = (configuration.hiddenSize, configuration.patchSize)
        let side = configuration.imageSize / patch
        classToken = initialisation.weight([1, size], from: &stream).reshaped([size])
        patches = initialisation.weight([size, 3, patch, patch], from: &stream)
        positions = Embedding(side * side + 1, size, initialisation: initialisation, from: &stream)
        firstNorm = LayerNorm(size, epsilon: configuration.normEpsilon)
        var layers: [CLIPLayer] = []
        for _ in 0..<configuration.layers {
            layers.append(
                CLIPLayer(configuration, isCausal: false, initialisation: initialisation, from: &stream))
        }
        self.layers = layers
        finalNorm = LayerNorm(size, epsilon: configuration.normEpsilon)
    }

    /// The layers under their published names, of which one is misspelt.
    public var children: [Child] {
        [
            .parameter("embeddings.class_embedding", classToken),
            .parameter("embeddings.patch_embedding.weight", patches),
            .module("embeddings.position_embedding", positions), .module("pre_layrnorm", firstNorm),
        ] + layers.enumerated().map { .module("encoder.layers.\($0)", $1) } + [
            .module("post_layernorm", finalNorm)
        ]
    }

    /// What each image means as a whole.
    ///
    /// - Parameter images: `[N, 3, imageSize, imageSize]`, as a `CLIPPreprocessing` makes them, in the type of the weights.
    ///   Gradient flows.
    /// - Returns: `[N, hiddenSize]`, after the last normalisation.
    public func callAsFunction(_ images: Tensor) -> Tensor {
        let vectors = images.conv2d(weight: patches, stride: configuration.patchSize)
            .flattened(from: 2).transposed(1, 2)
        let first = classToken.expanded(to: [images.shape[0], 1, configuration.hiddenSize])
        let tokens = Tensor.concatenated([first, vectors], dim: 1) + positions.weight
        return finalNorm(layers.reduce(firstNorm(tokens)) { $1($0) }.selected(dim: 1, index: 0))
    }
}
