// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The U-Net of ADM as EDM configures it: the network of the published checkpoint for ImageNet.
///
/// Source: Dhariwal and Nichol 2021 (arXiv 2105.05233) and Karras et al. 2022, appendix F (arXiv 2206.00364).
public final class DhariwalUNet: UNet {
    /// The sizes that make up the network.
    public let configuration: UNetConfiguration

    private let positionalFeatures: PositionalFeatures
    private let mapAugment: Linear?
    private let mapLayer0: Linear
    private let mapLayer1: Linear
    private let mapLabel: Linear?
    private let encoder: UNetEncoder
    private let decoder: UNetDecoder
    private let head: OutputHead

    /// A network with new weights, float32 on the CPU.
    ///
    /// - Parameters:
    ///   - configuration: valid sizes, with ``UNetArchitecture/adm``.
    ///   - stream: what the weights are drawn from.
    public init(_ configuration: UNetConfiguration, from stream: inout RandomStream) {
        configuration.requireValid(arch: [.adm])
        self.configuration = configuration
        let style = UNetStyle.dhariwal(channelsPerHead: configuration.channelsPerHead)
        let features = configuration.noiseChannels
        let embedding = configuration.embeddingChannels
        positionalFeatures = PositionalFeatures(channels: features, reachesEnd: false)
        mapAugment =
            configuration.augmentDim > 0
            ? Linear(
                configuration.augmentDim, features, bias: false, initialisation: style.ofLast, from: &stream)
            : nil
        mapLayer0 = Linear(features, embedding, initialisation: style.initialisation, from: &stream)
        mapLayer1 = Linear(embedding, embedding, initialisation: style.initialisation, from: &stream)
        mapLabel =
            configuration.labelDim > 0
            ? Linear(
                configuration.labelDim, embedding, bias: false, initialisation: .unitNormal, from: &stream)
            : nil
        encoder = UNetEncoder(configuration, style: style, from: &stream)
        decoder = UNetDecoder(configuration, style: style, skips: encoder.channels, from: &stream)
        head = OutputHead(configuration, style: style, channels: decoder.channels, from: &stream)
    }

    /// The embedding's layers, the encoder, the decoder and the last two layers.
    public var children: [Child] {
        [
            .module("map_augment", mapAugment), .module("map_layer0", mapLayer0),
            .module("map_layer1", mapLayer1), .module("map_label", mapLabel), .module("enc", encoder),
            .module("dec", decoder), .module("out_norm", head.norm), .module("out_conv", head.conv),
        ]
    }

    /// Evaluates the network, see ``EDMNetwork/callAsFunction(_:noise:classes:features:)``. The features are the last
    /// output of the encoder at each resolution.
    public func callAsFunction(
        _ x: Tensor, noise: Tensor, classes: Tensor?, features: ((Tensor) -> Void)?
    ) -> Tensor {
        let embedding = embedding(noise: noise, classes: classes)
        let encoded = encoder(x.channelsLast(), embedding)
        if let features { encoder.lastOutputs.forEach { features(encoded[$0]) } }
        return head(decoder(encoded, embedding))
    }

    /// The features of the encoder alone.
    public func features(_ x: Tensor, noise: Tensor, classes: Tensor?) -> [Tensor] {
        let encoded = encoder(x.channelsLast(), embedding(noise: noise, classes: classes))
        return encoder.lastOutputs.map { encoded[$0] }
    }

    /// What every block is told: the noise level and the class, `[N, embeddingChannels]`.
    private func embedding(noise: Tensor, classes: Tensor?) -> Tensor {
        let features = positionalFeatures(noise)
        var embedding = mapLayer1(
            mapLayer0(.concatenated([features.cos, features.sin], dim: 1)).silu())
        if let mapLabel, let classes { embedding = embedding + mapLabel(classes.to(noise.dtype)) }
        return embedding.silu()
    }
}
