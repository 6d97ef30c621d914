// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// DDPM++ and NCSN++ as EDM configures them: the networks of the published checkpoints named "vp" and "ve".
///
/// Source: Song et al. 2021 (arXiv 2011.13456) and Karras et al. 2022, appendix F (arXiv 2206.00364). The weights for
/// EDM's augmentation labels are kept for the sake of the checkpoint; without augmentation they play no part.
public final class SongUNet: UNet {
    /// The sizes that make up the network.
    public let configuration: UNetConfiguration

    private let mapNoise: FourierFeatures?
    private let positionalFeatures: PositionalFeatures
    private let mapLabel: Linear?
    private let mapAugment: Linear?
    private let mapLayer0: Linear
    private let mapLayer1: Linear
    private let encoder: UNetEncoder
    private let decoder: UNetDecoder
    private let head: OutputHead

    /// A network with new weights, float32 on the CPU.
    ///
    /// - Parameters:
    ///   - configuration: valid sizes, with ``UNetArchitecture/ddpmpp`` or ``UNetArchitecture/ncsnpp``.
    ///   - stream: what the weights are drawn from.
    public init(_ configuration: UNetConfiguration, from stream: inout RandomStream) {
        configuration.requireValid(arch: [.ddpmpp, .ncsnpp])
        self.configuration = configuration
        let isFourier = configuration.arch == .ncsnpp
        let style = UNetStyle.song(taps: isFourier ? [1, 3, 3, 1] : [1, 1])
        let features = configuration.noiseChannels
        let embedding = configuration.embeddingChannels
        mapNoise = isFourier ? FourierFeatures(channels: features, from: &stream) : nil
        positionalFeatures = PositionalFeatures(channels: features, reachesEnd: true)
        mapLabel = configuration.labelDim > 0 ? Linear(configuration.labelDim, features, from: &stream) : nil
        mapAugment =
            configuration.augmentDim > 0
            ? Linear(configuration.augmentDim, features, bias: false, from: &stream) : nil
        mapLayer0 = Linear(features, embedding, from: &stream)
        mapLayer1 = Linear(embedding, embedding, from: &stream)
        encoder = UNetEncoder(configuration, style: style, from: &stream)
        decoder = UNetDecoder(configuration, style: style, skips: encoder.channels, from: &stream)
        head = OutputHead(configuration, style: style, channels: decoder.channels, from: &stream)
    }

    /// The embedding's layers, the encoder and the decoder.
    public var children: [Child] {
        [
            .module("map_noise", mapNoise), .module("map_label", mapLabel),
            .module("map_augment", mapAugment), .module("map_layer0", mapLayer0),
            .module("map_layer1", mapLayer1), .module("enc", encoder), .module("dec", decoder),
            .module("dec.\(configuration.levels[0].name)_aux_norm", head.norm),
            .module("dec.\(configuration.levels[0].name)_aux_conv", head.conv),
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
        let features = mapNoise?(noise) ?? positionalFeatures(noise)
        var embedding = Tensor.concatenated([features.sin, features.cos], dim: 1)
        if let mapLabel, let classes {
            embedding = embedding + mapLabel(classes.to(noise.dtype) * Double(classCount).squareRoot())
        }
        return mapLayer1(mapLayer0(embedding).silu()).silu()
    }
}
