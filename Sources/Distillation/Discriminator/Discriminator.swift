// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Torch

/// Whose inner features a discriminator's heads stand on.
public enum DiscriminatorTrunk: String, Codable, Sendable, CaseIterable {
    /// The frozen teacher's: the heads alone learn to tell real from generated samples. Source: f-distill (arXiv 2502.15681).
    case teacher
    /// The critic's, which learns with the heads. Source: DMD2, section 4.3 (arXiv 2405.14867).
    case critic
}

/// Which of a network's feature maps a discriminator's heads stand on.
public enum DiscriminatorFeatures: String, Codable, Sendable, CaseIterable {
    /// One at each resolution.
    case all
    /// The last alone, that of the lowest resolution.
    case last
}

/// Tells real samples from generated ones, noised alike.
struct Discriminator: Sendable {
    let trunk: any FeatureDenoiser
    let heads: DiscriminatorHeads
    let features: DiscriminatorFeatures

    /// The logits of noised samples, `[N, K]`: high for real ones.
    func callAsFunction(_ noised: Tensor, at level: NoiseLevel, given condition: Condition?) -> Tensor {
        logits(of: trunk.features(noised, at: level, given: condition))
    }

    /// The logits that belong to features of the trunk.
    func logits(of features: [Tensor]) -> Tensor { heads(self.features.chosen(of: features)) }
}

extension DiscriminatorFeatures {
    fileprivate func chosen(of features: [Tensor]) -> [Tensor] {
        self == .all ? features : Array(features.suffix(1))
    }
}

extension DiscriminatorHeads {
    /// Heads for what a network shows, of which one sample is tried; on the device of the network.
    convenience init(
        _ settings: AdversarialSettings, on trunk: any FeatureDenoiser, given condition: Condition?,
        seed: UInt64, device: Device
    ) {
        let features = withoutGradients {
            trunk.features(
                .zeros([1] + trunk.sampleShape, device: device),
                at: trunk.schedule.level(at: Tensor([0], device: device)), given: condition)
        }
        var stream = RandomStream(seed: seed, purpose: "distill.discriminator")
        self.init(
            settings.head, on: settings.features.chosen(of: features).map { Array($0.shape.dropFirst()) },
            width: settings.width, from: &stream)
        move(to: device)
    }
}
