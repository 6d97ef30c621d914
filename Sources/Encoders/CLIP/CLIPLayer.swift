// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

package import Torch

/// The sizes of a block of CLIP's networks, of texts and of images.
package protocol CLIPLayerSizes {
    /// The length of a token's vector.
    var hiddenSize: Int { get }
    /// The length between the two layers of a block.
    var intermediateSize: Int { get }
    /// The heads of attention, a divisor of ``hiddenSize``.
    var heads: Int { get }
    /// What stands between the two layers of a block.
    var activation: CLIPTextConfiguration.Activation { get }
    /// What the normalisations add to the variance.
    var normEpsilon: Double { get }
}

extension CLIPTextConfiguration: CLIPLayerSizes {}

/// A block of CLIP's networks: attention between tokens, then two layers on each. Source: Radford et al. 2021, section 2.4
/// (arXiv 2103.00020).
package final class CLIPLayer: ActivationCheckpointing {
    package let recomputes = Setting(false)

    private let isCausal: Bool
    private let heads: Int
    private let activation: CLIPTextConfiguration.Activation
    private let norm1: LayerNorm
    private let key: Linear
    private let value: Linear
    private let query: Linear
    private let output: Linear
    private let norm2: LayerNorm
    private let first: Linear
    private let second: Linear

    /// A block whose tokens attend to all or, if it is causal, to those before them.
    package init(
        _ sizes: some CLIPLayerSizes, isCausal: Bool, initialisation: Initialisation,
        from stream: inout RandomStream
    ) {
        func linear(_ inputs: Int, _ outputs: Int) -> Linear {
            Linear(inputs, outputs, initialisation: initialisation, from: &stream)
        }
        let size = sizes.hiddenSize
        self.isCausal = isCausal
        heads = sizes.heads
        activation = sizes.activation
        key = linear(size, size)
        value = linear(size, size)
        query = linear(size, size)
        output = linear(size, size)
        norm1 = LayerNorm(size, epsilon: sizes.normEpsilon)
        first = linear(size, sizes.intermediateSize)
        second = linear(sizes.intermediateSize, size)
        norm2 = LayerNorm(size, epsilon: sizes.normEpsilon)
    }

    package var children: [Child] {
        [
            .module("self_attn.k_proj", key), .module("self_attn.v_proj", value),
            .module("self_attn.q_proj", query), .module("self_attn.out_proj", output),
            .module("layer_norm1", norm1), .module("mlp.fc1", first), .module("mlp.fc2", second),
            .module("layer_norm2", norm2),
        ]
    }

    /// Applies the block to `x` `[N, m, hiddenSize]`.
    package func callAsFunction(_ x: Tensor) -> Tensor {
        checkpointed([x]) { [self] inputs in
            let y = inputs[0] + attention(norm1(inputs[0]))
            return y + second(activated(first(norm2(y))))
        }
    }

    private func attention(_ x: Tensor) -> Tensor {
        let shape = x.shape
        func split(_ tokens: Tensor) -> Tensor {
            tokens.reshaped([shape[0], shape[1], heads, shape[2] / heads]).transposed(1, 2)
        }
        let gathered = Tensor.attention(
            query: split(query(x)), key: split(key(x)), value: split(value(x)), isCausal: isCausal)
        return output(gathered.transposed(1, 2).reshaped(shape))
    }

    private func activated(_ x: Tensor) -> Tensor {
        switch activation {
        case .quickGELU: x * (x * 1.702).sigmoid()
        case .gelu: x.gelu()
        }
    }
}
