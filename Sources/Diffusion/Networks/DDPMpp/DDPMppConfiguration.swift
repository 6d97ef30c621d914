// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// The sizes that make up a ``DDPMpp``, under the names of EDM's own arguments.
public struct DDPMppConfiguration: Codable, Sendable, Equatable {
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

    /// The published unconditional network for CIFAR-10, but without augmentation labels.
    public init() {}

    /// The published `edm-cifar10-32x32-cond-vp`: 55,735,299 parameters.
    public static let cifar10Conditional = cifar10(classes: 10)

    /// The published `edm-cifar10-32x32-uncond-vp`: 55,733,891 parameters.
    public static let cifar10Unconditional = cifar10(classes: 0)

    /// A small network for Fashion-MNIST, with classes, that learns on a CPU.
    public static let fashionMNIST = {
        var configuration = DDPMppConfiguration()
        configuration.imgResolution = 28
        configuration.imgChannels = 1
        configuration.labelDim = 10
        configuration.modelChannels = 16
        configuration.channelMult = [1, 2, 2]
        configuration.numBlocks = 1
        configuration.attnResolutions = [7]
        return configuration
    }()

    private static func cifar10(classes: Int) -> DDPMppConfiguration {
        var configuration = DDPMppConfiguration()
        configuration.labelDim = classes
        configuration.augmentDim = 9
        return configuration
    }

    /// A denoiser of this architecture with EDM's initialisation, float32 on the CPU.
    ///
    /// - Parameter seed: what names the weights; the same seed gives the same weights.
    public func makeDenoiser(seed: UInt64) -> EDMDenoiser {
        var stream = RandomStream(seed: seed, purpose: "network.weights")
        return EDMDenoiser(DDPMpp(self, from: &stream))
    }

    /// Checks that the sizes make a network.
    ///
    /// - Throws: ``DDPMppConfigurationError``.
    public func validate() throws(DDPMppConfigurationError) {
        func check(_ key: String, _ value: Any, _ holds: Bool, _ condition: String)
            throws(DDPMppConfigurationError)
        {
            guard holds else { throw .init(key: key, value: "\(value)", condition: condition) }
        }
        try check(
            "channelMult", channelMult, !channelMult.isEmpty && channelMult.allSatisfy { $0 > 0 },
            "at least one number above 0")
        try check("channelMult", channelMult, channelMult.count < 16, "at most 15 numbers")
        let factor = 1 << (channelMult.count - 1)
        try check(
            "imgResolution", imgResolution, imgResolution > 0 && imgResolution.isMultiple(of: factor),
            "a multiple of \(factor), as there are \(channelMult.count) resolutions")
        try check("imgChannels", imgChannels, imgChannels > 0, "above 0")
        try check("labelDim", labelDim, labelDim >= 0, "at least 0")
        try check("augmentDim", augmentDim, augmentDim >= 0, "at least 0")
        // Two levels' channels side by side must still form 32 groups, or groups of four where they are fewer than 128.
        let isNarrow = 2 * modelChannels * (channelMult.max() ?? 1) < 128
        try check(
            "modelChannels", modelChannels,
            modelChannels > 0 && modelChannels.isMultiple(of: isNarrow ? 4 : 32),
            "a multiple of 32, or of 4 in a network whose layers all have less than 64 channels")
        try check("channelMultEmb", channelMultEmb, channelMultEmb > 0, "above 0")
        try check("numBlocks", numBlocks, numBlocks > 0, "above 0")
    }
}

/// A size that makes no network.
public struct DDPMppConfigurationError: Error, Equatable, CustomStringConvertible {
    /// The name of the size.
    public let key: String
    /// What it is.
    public let value: String
    /// What it must be.
    public let condition: String

    /// What is wrong, in one sentence.
    public var description: String { "The network's `\(key)` is \(value) and must be \(condition)." }
}

extension DDPMppConfiguration {
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

    var embeddingChannels: Int { modelChannels * channelMultEmb }
}
