// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// A small autoencoder that was trained to take after the large one (TAESD): about a hundredth of the work to decode.
///
/// Source: https://github.com/madebyollin/taesd, and `AutoencoderTiny` of diffusers, whose paths its tensors have. Its
/// latents are those that the diffusion model sees, without scaling.
public final class AutoencoderTiny: ImageAutoencoder {
    /// The sizes that make up the network.
    public let configuration: AutoencoderTinyConfiguration

    private let encoder: [TinyLayer]
    private let decoder: [TinyLayer]

    /// A network with new weights, float32 on the CPU.
    ///
    /// - Parameters:
    ///   - configuration: valid sizes.
    ///   - initialisation: how the weights are drawn.
    ///   - stream: what they are drawn from.
    public init(
        _ configuration: AutoencoderTinyConfiguration, initialisation: Initialisation = .fanInUniform,
        from stream: inout RandomStream
    ) {
        self.configuration = configuration
        func conv(_ inputs: Int, _ outputs: Int, stride: Int = 1, bias: Bool = true) -> TinyLayer {
            .conv(
                Conv2d(
                    inputs, outputs, kernel: 3, stride: stride, bias: bias, initialisation: initialisation,
                    from: &stream))
        }
        func blocks(_ channels: Int, _ count: Int) -> [TinyLayer] {
            (0..<count).map { _ in
                .block(TinyBlock(channels, initialisation: initialisation, from: &stream))
            }
        }
        let width = configuration.channels
        let (encoderBlocks, decoderBlocks) = (configuration.encoderBlocks, configuration.decoderBlocks)
        var encoder: [TinyLayer] = []
        for (level, count) in encoderBlocks.enumerated() {
            let first =
                level == 0
                ? conv(configuration.imageChannels, width) : conv(width, width, stride: 2, bias: false)
            encoder += [first] + blocks(width, count)
        }
        self.encoder = encoder + [conv(width, configuration.latentChannels)]
        var decoder = [conv(configuration.latentChannels, width), .activation]
        for (level, count) in decoderBlocks.enumerated() {
            decoder += blocks(width, count)
            decoder +=
                level < decoderBlocks.count - 1
                ? [.doubling, conv(width, width, bias: false)] : [conv(width, configuration.imageChannels)]
        }
        self.decoder = decoder
    }

    /// The layers by their places in the encoder and in the decoder.
    public var children: [Child] {
        [("encoder", encoder), ("decoder", decoder)].flatMap { part, layers in
            layers.enumerated().map { index, layer in
                .module("\(part).layers.\(index)", layer.module)
            }
        }
    }

    /// The channels of the latents.
    public var latentChannels: Int { configuration.latentChannels }

    /// Two for each resolution but the first.
    public var reduction: Int { configuration.reduction }

    /// Latents of images, see ``ImageAutoencoder/encode(_:)``.
    public func encode(_ images: Tensor) -> Tensor {
        // The network takes images from 0 to 1.
        encoder.reduce((images.channelsLast() + 1) * 0.5) { $1($0) } * configuration.scalingFactor
    }

    /// Images of latents, see ``ImageAutoencoder/decode(_:)``.
    public func decode(_ latents: Tensor) -> Tensor {
        let raw = latents.channelsLast() * (1 / configuration.scalingFactor)
        let bounded = (raw * (1.0 / 3)).tanh() * 3
        return decoder.reduce(bounded) { $1($0) } * 2 - 1
    }
}

/// A layer of an ``AutoencoderTiny``.
private enum TinyLayer {
    case conv(Conv2d)
    case block(TinyBlock)
    case activation
    case doubling

    var module: (any Module)? {
        switch self {
        case .conv(let conv): conv
        case .block(let block): block
        case .activation, .doubling: nil
        }
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        switch self {
        case .conv(let conv): conv(x)
        case .block(let block): block(x)
        case .activation: x.relu()
        case .doubling: x.doubled()
        }
    }
}

/// Three convolutions with activations between them, added to the input, and an activation.
private final class TinyBlock: ActivationCheckpointing {
    let recomputes = Setting(false)
    private let convs: [Conv2d]

    init(_ channels: Int, initialisation: Initialisation, from stream: inout RandomStream) {
        var convs: [Conv2d] = []
        for _ in 0..<3 {
            convs.append(
                Conv2d(channels, channels, kernel: 3, initialisation: initialisation, from: &stream))
        }
        self.convs = convs
    }

    var children: [Child] { convs.enumerated().map { .module("conv.\(2 * $0)", $1) } }

    func callAsFunction(_ x: Tensor) -> Tensor {
        checkpointed([x]) { [convs] inputs in
            (convs[2](convs[1](convs[0](inputs[0]).relu()).relu()) + inputs[0]).relu()
        }
    }
}
