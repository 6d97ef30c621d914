// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import TestSupport
import Testing
import Torch

@Suite("Winograd's convolution")
struct WinogradTests {
    /// Samples, inputs, outputs, height and width: every remainder of a tile, of a panel of outputs and of a block of tiles; few weights
    /// and many; one thread's work and several blocks'.
    static let shapes = [
        [1, 64, 64, 16, 16], [3, 64, 80, 13, 14], [2, 80, 64, 15, 13], [1, 128, 96, 33, 6],
        [5, 64, 64, 17, 16],
        [1, 512, 320, 24, 24], [2, 96, 64, 40, 40], [1, 64, 64, 5, 130],
    ]

    @Test("values and gradients are those of the sum in float64", arguments: shapes, [true, false])
    func values(shape: [Int], hasBias: Bool) {
        let (x, weight, bias) = inputs(shape)
        var stream = RandomStream(seed: 1, purpose: "cotangent")
        let cotangent = stream.normal([shape[0], shape[2], shape[3], shape[4]])
        func evaluated(_ dtype: DType) -> (y: Tensor, gradients: [Tensor?]) {
            let leaves = [x, weight, bias].map { leaf($0.to(dtype)) }
            let y = leaves[0].conv2d(weight: leaves[1], bias: hasBias ? leaves[2] : nil, padding: 1)
            (y * cotangent.to(dtype)).sum().backward()
            return (y.detached(), leaves.map(\.gradient))
        }
        let (found, expected) = (evaluated(.float32), evaluated(.float64))
        #expect(relativeDifference(found.y, expected.y) < 2e-5)
        for (found, expected) in zip(found.gradients, expected.gradients) {
            #expect((found == nil) == (expected == nil))
            if let found, let expected { #expect(relativeDifference(found, expected) < 2e-5) }
        }
        // It is not libtorch's sum that was tested.
        let exact = LibTorch.withExactConvolutions {
            withoutGradients { x.conv2d(weight: weight, bias: hasBias ? bias : nil, padding: 1) }
        }
        #expect((exact - found.y).abs().max().item() > 0)
    }

    @Test("many kernels over few tiles are left to libtorch")
    func fewTiles() {
        for (shape, isWinograd) in [([1, 320, 320, 16, 16], false), ([1, 320, 320, 21, 24], true)] {
            let (x, weight, _) = inputs(shape)
            let found = x.conv2d(weight: weight, padding: 1)
            let exact = LibTorch.withExactConvolutions { x.conv2d(weight: weight, padding: 1) }
            #expect(((exact - found).abs().max().item() > 0) == isWinograd)
        }
    }

    @Test("gradients of gradients are libtorch's")
    func second() {
        let (x, weight, _) = inputs([2, 64, 64, 16, 16])
        func evaluated(_ dtype: DType) -> Tensor {
            let (x, weight) = (leaf(x.to(dtype)), leaf(weight.to(dtype)))
            let y = x.conv2d(weight: weight, padding: 1).square().sum()
            let gradient = gradients(of: y, with: [x], differentiable: true)[0]
            gradient.square().sum().backward()
            return weight.gradient ?? .zeros([1])
        }
        #expect(relativeDifference(evaluated(.float32), evaluated(.float64)) < 5e-5)
    }

    @Test("a sample has the same bits alone, in a batch, and on any number of threads")
    func company() {
        let (x, weight, bias) = inputs([5, 96, 64, 13, 18])
        func bits(_ x: Tensor) -> [Float] {
            x.conv2d(weight: weight, bias: bias, padding: 1).array(as: Float.self)
        }
        let together = bits(x)
        let count = together.count / 5
        for sample in 0..<5 {
            let alone = bits(x.narrowed(dim: 0, start: sample, count: 1))
            #expect(alone == Array(together[sample * count..<(sample + 1) * count]))
        }
        let parts = inParts(x, threads: 2) { $0.conv2d(weight: weight, bias: bias, padding: 1) }
        #expect(parts.array(as: Float.self) == together)
    }

    @Test("the order of elements in memory does not matter")
    func layout() {
        let (x, weight, bias) = inputs([2, 64, 64, 16, 16])
        let rowMajor = x.contiguous().conv2d(weight: weight.contiguous(), bias: bias, padding: 1)
        let channelsLast = x.channelsLast().conv2d(weight: weight.channelsLast(), bias: bias, padding: 1)
        #expect(rowMajor.array(as: Float.self) == channelsLast.array(as: Float.self))
    }

    @Test("numbers that are none stay none")
    func notANumber() {
        let (x, weight, bias) = inputs([1, 64, 64, 16, 16])
        let broken = x * Tensor(Double.nan)
        let y = broken.conv2d(weight: weight, bias: bias, padding: 1).array(as: Float.self)
        #expect(y.count { $0.isNaN } == y.count)
    }

    private func inputs(_ shape: [Int]) -> (x: Tensor, weight: Tensor, bias: Tensor) {
        var stream = RandomStream(seed: 0, purpose: "winograd")
        return (
            stream.normal([shape[0], shape[1], shape[3], shape[4]]).channelsLast(),
            stream.normal([shape[2], shape[1], 3, 3]) * (1 / Double(9 * shape[1]).squareRoot()),
            stream.normal([shape[2]])
        )
    }

    private func leaf(_ tensor: Tensor) -> Tensor {
        let leaf = tensor.detached().cloned()
        leaf.setRequiresGrad(true)
        return leaf
    }
}
