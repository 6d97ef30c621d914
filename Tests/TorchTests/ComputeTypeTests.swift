// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import TestSupport
import Testing
import Torch

@Suite("Layers in bfloat16")
struct ComputeTypeTests {
    /// Half a unit in the last of eight bits.
    private static let rounding = 1.0 / 256

    @Test(
        "compute in the type of their input, near what float32 gives, with gradients in the type of the weights"
    )
    func layers() {
        var stream = RandomStream(seed: 0, purpose: "test")
        let linear = Linear(24, 16, from: &stream)
        let conv = Conv2d(8, 16, kernel: 3, from: &stream)
        let norm = GroupNorm(8, groups: 2, epsilon: 1e-6)
        let image = stream.normal([2, 8, 6, 6])
        let shift = stream.normal([2, 8])
        let cases: [(any Module, Tensor, (Tensor) -> Tensor)] = [
            (linear, stream.normal([5, 24]), { linear($0) }), (conv, image, { conv($0) }),
            (norm, image, { norm($0) }), (norm, image, { norm.silu($0, shift: shift) }),
        ]
        for (layer, x, apply) in cases {
            layer.setRequiresGrad(true)
            let exact = x.to(.bfloat16).to(.float32)
            let precise = apply(exact)
            let narrow = apply(x.to(.bfloat16))
            #expect(precise.dtype == .float32 && narrow.dtype == .bfloat16)
            #expect(
                relativeDifference(narrow.detached().to(.float32), precise.detached()) < 2 * Self.rounding)
            let weights = Array(layer.parameters.values)
            let expected = gradients(of: precise.square().sum(), with: weights)
            let found = gradients(of: narrow.to(.float32).square().sum(), with: weights)
            for (found, expected) in zip(found, expected) {
                #expect(found.dtype == .float32)
                #expect(relativeDifference(found, expected) < 4 * Self.rounding)
            }
        }
    }

    @Test("norms average thousands of pixels without losing any")
    func statistics() {
        // 0.5 on all but every 64th pixel: a sum in bfloat16 would stop growing at 128.
        let x = (Tensor.arange(128 * 128).reshaped([1, 1, 128, 128]).to(.float32) / 64).sin() * 0.25 + 4
        let norm = GroupNorm(1, groups: 1, epsilon: 1e-6)
        let narrow = norm(x.to(.bfloat16)).to(.float32)
        let precise = norm(x.to(.bfloat16).to(.float32))
        #expect(relativeDifference(narrow, precise) < 2 * Self.rounding)
    }

    @Test("are found in a network by what they conform to")
    func parts() {
        let network = Network()
        #expect(network.setComputeType(.bfloat16) && network.computeType.value == .bfloat16)
        #expect(network.setActivationCheckpointing(true) && network.parts.allSatisfy { $0.recomputes.value })
        #expect(!network.parts[0].setComputeType(.bfloat16))
        var stream = RandomStream(seed: 0, purpose: "test")
        #expect(!Linear(2, 2, from: &stream).setActivationCheckpointing(true))
    }

    private final class Part: ActivationCheckpointing {
        let recomputes = Setting(false)
        var children: [Child] { [] }
    }

    private final class Network: MixedPrecision {
        let computeType = Setting(ComputeType.float32)
        let parts = [Part(), Part()]
        var children: [Child] { [.module("first", parts[0]), .module("second", parts[1])] }
    }
}
