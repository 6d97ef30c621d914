// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// A raw network that a ``UNetConfiguration`` describes in full.
public protocol UNet: EDMNetwork {
    /// The architecture and the sizes.
    var configuration: UNetConfiguration { get }

    /// A network with new weights, float32 on the CPU.
    init(_ configuration: UNetConfiguration, from stream: inout RandomStream)
}

extension UNet {
    /// `[imgChannels, imgResolution, imgResolution]`.
    public var sampleShape: [Int] {
        [configuration.imgChannels, configuration.imgResolution, configuration.imgResolution]
    }

    /// The configuration's `labelDim`.
    public var classCount: Int { configuration.labelDim }

    /// A network of the same sizes with new weights.
    public func untrained() -> Self {
        var stream = RandomStream(seed: 0, purpose: "network.weights")
        return Self(configuration, from: &stream)
    }
}

extension UNetConfiguration {
    /// Stops the program unless this makes one of the networks `arch`.
    func requireValid(arch allowed: [UNetArchitecture]) {
        precondition(allowed.contains(arch), "\(arch) is another network")
        do {
            try validate()
        } catch {
            preconditionFailure("\(error)")
        }
    }
}
