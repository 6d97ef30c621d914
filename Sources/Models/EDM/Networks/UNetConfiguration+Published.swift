// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// The networks of EDM's checkpoints. Source: Karras et al. 2022, table 7 (arXiv 2206.00364).
extension UNetConfiguration {
    /// `edm-cifar10-32x32-cond-vp`: 55,735,299 parameters; for `cond-ve` take `.ncsnpp`.
    public static func cifar10Conditional(_ arch: UNetArchitecture = .ddpmpp) -> UNetConfiguration {
        published(arch, resolution: 32, classes: 10, multiples: [2, 2, 2])
    }

    /// `edm-cifar10-32x32-uncond-vp`: 55,733,891 parameters; for `uncond-ve` take `.ncsnpp`.
    public static func cifar10Unconditional(_ arch: UNetArchitecture = .ddpmpp) -> UNetConfiguration {
        published(arch, resolution: 32, classes: 0, multiples: [2, 2, 2])
    }

    /// `edm-ffhq-64x64-uncond-vp` and `edm-afhqv2-64x64-uncond-vp`: 61,805,571 parameters; for `ve` take `.ncsnpp`.
    public static func faces64(_ arch: UNetArchitecture = .ddpmpp) -> UNetConfiguration {
        published(arch, resolution: 64, classes: 0, multiples: [1, 2, 2, 2])
    }

    /// `edm-imagenet-64x64-cond-adm`: 295,899,267 parameters.
    public static let imageNet64 = {
        var configuration = UNetConfiguration()
        configuration.arch = .adm
        configuration.imgResolution = 64
        configuration.labelDim = 1000
        configuration.modelChannels = 192
        configuration.channelMult = [1, 2, 3, 4]
        configuration.numBlocks = 3
        configuration.attnResolutions = [32, 16, 8]
        return configuration
    }()

    /// A small network for Fashion-MNIST, with classes, that learns on a CPU.
    public static let fashionMNIST = {
        var configuration = UNetConfiguration()
        configuration.imgResolution = 28
        configuration.imgChannels = 1
        configuration.labelDim = 10
        configuration.modelChannels = 16
        configuration.channelMult = [1, 2, 2]
        configuration.numBlocks = 1
        configuration.attnResolutions = [7]
        return configuration
    }()

    private static func published(
        _ arch: UNetArchitecture, resolution: Int, classes: Int, multiples: [Int]
    ) -> UNetConfiguration {
        var configuration = UNetConfiguration()
        configuration.arch = arch
        configuration.imgResolution = resolution
        configuration.labelDim = classes
        configuration.augmentDim = 9
        configuration.channelMult = multiples
        return configuration
    }
}
