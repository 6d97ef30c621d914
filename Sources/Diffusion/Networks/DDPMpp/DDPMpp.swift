// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The DDPM++ U-Net, as EDM configures it: the network of the published checkpoints named "vp".
///
/// Source: Song et al. 2021 (arXiv 2011.13456) and Karras et al. 2022, appendix F (arXiv 2206.00364). The weights for
/// EDM's augmentation labels are kept for the sake of the checkpoint; without augmentation they play no part.
public final class DDPMpp: EDMNetwork {
    /// The sizes that make up the network.
    public let configuration: DDPMppConfiguration

    private let mapLabel: Linear?
    private let mapAugment: Linear?
    private let mapLayer0: Linear
    private let mapLayer1: Linear
    private let encoder: Encoder
    private let decoder: Decoder

    /// A network with new weights, float32 on the CPU.
    ///
    /// - Parameters:
    ///   - configuration: valid sizes.
    ///   - stream: what the weights are drawn from.
    public init(_ configuration: DDPMppConfiguration, from stream: inout RandomStream) {
        do {
            try configuration.validate()
        } catch {
            preconditionFailure("\(error)")
        }
        self.configuration = configuration
        let channels = configuration.modelChannels
        let embedding = configuration.embeddingChannels
        mapLabel = configuration.labelDim > 0 ? Linear(configuration.labelDim, channels, from: &stream) : nil
        mapAugment =
            configuration.augmentDim > 0
            ? Linear(configuration.augmentDim, channels, bias: false, from: &stream) : nil
        mapLayer0 = Linear(channels, embedding, from: &stream)
        mapLayer1 = Linear(embedding, embedding, from: &stream)
        encoder = Encoder(configuration, from: &stream)
        decoder = Decoder(configuration, skips: encoder.channels, from: &stream)
    }

    /// The embedding's layers, the encoder and the decoder.
    public var members: [Member] {
        [
            .module("map_label", mapLabel), .module("map_augment", mapAugment),
            .module("map_layer0", mapLayer0),
            .module("map_layer1", mapLayer1), .module("enc", encoder), .module("dec", decoder),
        ]
    }

    /// `[imgChannels, imgResolution, imgResolution]`.
    public var sampleShape: [Int] {
        [configuration.imgChannels, configuration.imgResolution, configuration.imgResolution]
    }

    /// The configuration's `labelDim`.
    public var classCount: Int { configuration.labelDim }

    /// A network of the same sizes with new weights.
    public func untrained() -> DDPMpp {
        var stream = RandomStream(seed: 0, purpose: "network.weights")
        return DDPMpp(configuration, from: &stream)
    }

    /// Evaluates the network, see ``EDMNetwork/callAsFunction(_:noise:condition:)``.
    public func callAsFunction(_ x: Tensor, noise: Tensor, condition: Tensor?) -> Tensor {
        let embedding = embedding(noise: noise, condition: condition)
        return decoder(encoder(x.channelsLast(), embedding), embedding)
    }

    /// What every block is told: the noise level and the class, `[N, embeddingChannels]`.
    private func embedding(noise: Tensor, condition: Tensor?) -> Tensor {
        var embedding = positionalEmbedding(noise, channels: configuration.modelChannels)
        if let mapLabel {
            guard let condition else { preconditionFailure("a network with classes needs a condition") }
            embedding = embedding + mapLabel(condition.to(noise.dtype) * Double(classCount).squareRoot())
        }
        return mapLayer1(mapLayer0(embedding).silu()).silu()
    }
}
