// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// The U-Nets of EDM's published checkpoints, by the names of its training options.
public enum UNetArchitecture: String, Codable, Sendable, CaseIterable {
    /// DDPM++, a ``SongUNet``: the checkpoints named "vp".
    case ddpmpp
    /// NCSN++, a ``SongUNet`` with Fourier features and a residual input: the checkpoints named "ve".
    case ncsnpp
    /// ADM, a ``DhariwalUNet``: the checkpoint for ImageNet.
    case adm
}

/// The architecture and the sizes that make up a U-Net, under the names of EDM's own arguments.
///
/// Source: Karras et al. 2022, table 7 (arXiv 2206.00364).
public struct UNetConfiguration: Codable, Sendable, Equatable {
    /// Which of the networks.
    public var arch = UNetArchitecture.ddpmpp
    /// Height and width of the images, divisible by two as often as there are levels after the first.
    public var imgResolution = 32
    /// The channels of the images.
    public var imgChannels = 3
    /// The number of classes; 0 without classes.
    public var labelDim = 0
    /// The size of EDM's augmentation labels; 0 if the checkpoint has none.
    public var augmentDim = 0
    /// The channels that the other sizes are multiples of.
    public var modelChannels = 128
    /// For each resolution, the full one first, its channels as a multiple of `modelChannels`.
    public var channelMult = [2, 2, 2]
    /// The size of the embedding as a multiple of `modelChannels`.
    public var channelMultEmb = 4
    /// The blocks at each resolution; the decoder has one more.
    public var numBlocks = 4
    /// The resolutions whose blocks have self-attention.
    public var attnResolutions = [16]
    /// The channels of one head of ``UNetArchitecture/adm``'s self-attention; the others have one head.
    public var channelsPerHead = 64
    /// Whether the network also outputs a variance of each value, as improved DDPM's does; nothing uses it.
    public var predictsVariance = false

    /// The published unconditional DDPM++ for CIFAR-10, but without augmentation labels.
    public init() {}

    /// A denoiser of this architecture with EDM's initialisation, float32 on the CPU.
    ///
    /// - Parameter seed: what names the weights; the same seed gives the same weights.
    public func makeDenoiser(seed: UInt64) -> EDMDenoiser {
        var stream = RandomStream(seed: seed, purpose: "network.weights")
        return EDMDenoiser(makeNetwork(from: &stream))
    }

    /// The raw network with new weights, float32 on the CPU.
    ///
    /// - Parameter stream: what they are drawn from.
    public func makeNetwork(from stream: inout RandomStream) -> any EDMNetwork {
        switch arch {
        case .ddpmpp, .ncsnpp: SongUNet(self, from: &stream)
        case .adm: DhariwalUNet(self, from: &stream)
        }
    }
}

extension UNetConfiguration {
    /// One of the resolutions that the network works at.
    struct Level {
        /// As in the paths of its tensors, such as `32x32`.
        let name: String
        let channels: Int
        let attends: Bool
    }

    /// The resolutions, the full one first.
    var levels: [Level] {
        channelMult.enumerated().map { index, multiple in
            let resolution = imgResolution >> index
            return Level(
                name: "\(resolution)x\(resolution)", channels: modelChannels * multiple,
                attends: attnResolutions.contains(resolution))
        }
    }

    /// The network in words, such as "ddpmpp, 3 x 32 x 32, 10 classes".
    public var summary: String {
        let classes = labelDim == 0 ? "no classes" : "\(labelDim) classes"
        return "\(arch.rawValue), \(imgChannels) x \(imgResolution) x \(imgResolution), \(classes)"
    }

    /// The channels of the first layer's output.
    var firstChannels: Int { arch == .adm ? levels[0].channels : modelChannels }

    var embeddingChannels: Int { modelChannels * channelMultEmb }

    /// The size of the features of the noise level.
    var noiseChannels: Int { arch == .ncsnpp ? 2 * modelChannels : modelChannels }

    var outputChannels: Int { predictsVariance ? 2 * imgChannels : imgChannels }
}
