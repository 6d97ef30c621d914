// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// What the blocks of one of Stable Diffusion's networks have in common.
struct StableDiffusionStyle {
    let normGroups: Int
    let normEpsilon: Double
    let initialisation: Initialisation

    func norm(_ channels: Int) -> GroupNorm {
        GroupNorm(channels, groups: normGroups, epsilon: normEpsilon)
    }

    /// The normalisation before attention, whose epsilon is the same in all networks.
    func attentionNorm(_ channels: Int) -> GroupNorm {
        GroupNorm(channels, groups: normGroups, epsilon: 1e-6)
    }

    /// A convolution of 3 x 3 pixels.
    func conv(
        _ inputs: Int, _ outputs: Int, stride: Int = 1, padding: Int? = nil,
        from stream: inout RandomStream
    ) -> Conv2d {
        Conv2d(
            inputs, outputs, kernel: 3, stride: stride, padding: padding, initialisation: initialisation,
            from: &stream)
    }

    func linear(_ inputs: Int, _ outputs: Int, bias: Bool = true, from stream: inout RandomStream) -> Linear {
        Linear(inputs, outputs, bias: bias, initialisation: initialisation, from: &stream)
    }
}

/// Modules with numbered names, such as `resnets.0`.
func numbered(_ name: String, _ modules: [any Module]) -> [Child] {
    modules.enumerated().map { .module("\(name).\($0)", $1) }
}

extension Tensor {
    /// The pixels of `[N, C, H, W]` one after the other, `[N, H W, C]`; free of cost for channels-last images.
    func pixelsAsTokens() -> Tensor {
        let shape = shape
        return channelsLast().permuted([0, 2, 3, 1]).reshaped([shape[0], shape[2] * shape[3], shape[1]])
    }

    /// Back from `[N, H W, C]` to `[N, C, H, W]`, channels-last.
    func tokensAsPixels(height: Int, width: Int) -> Tensor {
        reshaped([shape[0], height, width, shape[2]]).permuted([0, 3, 1, 2])
    }

    /// Every pixel twice in both directions.
    func doubled() -> Tensor { upsampledNearest(height: 2 * shape[2], width: 2 * shape[3]) }
}
