// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// What the blocks of a network have in common, and in which the networks differ.
public struct UNetStyle: Sendable {
    /// Added to the variance in each normalisation.
    let epsilon: Double
    /// What a sum of a block's two ways is multiplied by.
    let sumScale: Double
    /// Whether the embedding scales the normalised values as well as shifting them.
    let isAdaptive: Bool
    /// Whether a shortcut that resamples also has a pointwise convolution where the channels stay the same.
    let projectsResampling: Bool
    /// The filter of resampling, along one side.
    let taps: [Double]
    /// The channels of a head of self-attention; nil gives one head.
    let channelsPerHead: Int?
    /// How most layers begin.
    let initialisation: Initialisation
    /// How the last layer of a branch begins: the branch is then as good as absent.
    let ofLast: Initialisation
    /// How the first layer of self-attention begins.
    let ofAttention: Initialisation

    /// The blocks of ``SongUNet``: DDPM++ with `[1, 1]`, NCSN++ with `[1, 3, 3, 1]`.
    ///
    /// Source: Song et al. 2021 (arXiv 2011.13456) as configured by Karras et al. 2022, table 7 (arXiv 2206.00364).
    public static func song(taps: [Double] = [1, 1], channelsPerHead: Int? = nil) -> UNetStyle {
        UNetStyle(
            epsilon: 1e-6, sumScale: 0.5.squareRoot(), isAdaptive: false, projectsResampling: true,
            taps: taps,
            channelsPerHead: channelsPerHead, initialisation: .xavierUniform(),
            ofLast: .xavierUniform(gain: 1e-5),
            ofAttention: .xavierUniform(gain: 0.2.squareRoot()))
    }

    /// The blocks of ``DhariwalUNet``.
    ///
    /// Source: Dhariwal and Nichol 2021 (arXiv 2105.05233) as configured by Karras et al. 2022, table 7.
    public static func dhariwal(channelsPerHead: Int = 64) -> UNetStyle {
        UNetStyle(
            epsilon: 1e-5, sumScale: 1, isAdaptive: true, projectsResampling: false, taps: [1, 1],
            channelsPerHead: channelsPerHead, initialisation: .fanInUniform, ofLast: .zeros,
            ofAttention: .fanInUniform)
    }

    /// The heads of self-attention in a layer, 0 where it is too narrow for one.
    func heads(_ channels: Int) -> Int { channelsPerHead.map { channels / $0 } ?? 1 }

    /// The normalisation that the networks use everywhere: at least four channels a group, at most 32 groups.
    func norm(_ channels: Int) -> GroupNorm {
        GroupNorm(channels, groups: min(32, channels / 4), epsilon: epsilon)
    }
}
