// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import TestSupport
import Testing
import Torch

/// Convolutions and a layer on pixels, of which one is seen with a name of its own and one without.
private final class Network: Module {
    let first: Conv2d
    let second: Conv2d
    let last: Linear
    /// What the second layer's input is multiplied by in one channel, and its weights divided.
    let spike: Double

    init(seed: UInt64, spike: Double = 1) {
        var stream = RandomStream(seed: seed, purpose: "network")
        first = Conv2d(16, 32, kernel: 3, from: &stream)
        second = Conv2d(32, 64, kernel: 3, from: &stream)
        last = Linear(64, 16, initialisation: .fanInUniform, from: &stream)
        self.spike = spike
        let channel = second.weight.narrowed(dim: 1, start: 0, count: 1)
        channel.copy(from: channel / spike)
    }

    var children: [Child] { [.module("first", first), .module("", second), .module("last", last)] }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let h = first(x).silu()
        let spiked = Tensor.concatenated(
            [h.narrowed(dim: 1, start: 0, count: 1) * spike, h.narrowed(dim: 1, start: 1, count: 31)], dim: 1)
        let y = second(spiked).silu()
        return last(y.permuted([0, 2, 3, 1]).reshaped([x.shape[0], -1, 64]))
    }
}

@Suite("Products of eight bits")
struct Int8Tests {
    /// Inputs, outputs, kernel, stride, height, width.
    private static let convolutions = [
        [16, 32, 3, 1, 8, 8], [3, 20, 3, 1, 7, 9], [33, 17, 1, 1, 5, 6], [16, 16, 3, 2, 8, 7],
        [64, 4, 5, 1, 12, 12],
    ]

    private static func numbers(_ shape: [Int], hasBias: Bool, zero: Int = 87) throws -> Int8Weights {
        var stream = RandomStream(seed: 3, purpose: "numbers")
        return try Int8Weights(
            weight: (stream.normal(shape) * 50).clamped(min: -127, max: 127).to(.int8),
            scales: stream.uniform([shape[0]]) * 0.01 + 0.001,
            bias: hasBias ? stream.normal([shape[0]]) : nil,
            inputScale: 0.013, inputZeroPoint: zero)
    }

    /// What the inputs become, in float64.
    private func near(_ x: Tensor, _ numbers: Int8Weights) -> Tensor {
        let zero = Double(numbers.inputZeroPoint)
        let whole = (x * Double(Float(1 / numbers.inputScale))).rounded().to(.float64) + zero
        return (whole.clamped(min: 0, max: 255) - zero) * numbers.inputScale
    }

    @Test(
        "a convolution is the sum of the whole numbers, zeros around it", arguments: convolutions,
        [true, false])
    func convolution(sizes: [Int], hasBias: Bool) throws {
        var stream = RandomStream(seed: 0, purpose: "x")
        let layer = Conv2d(
            sizes[0], sizes[1], kernel: sizes[2], stride: sizes[3], bias: hasBias, from: &stream)
        let numbers = try Self.numbers(layer.weight.shape, hasBias: hasBias)
        layer.use(numbers)
        let x = stream.normal([3, sizes[0], sizes[4], sizes[5]])
        let expected = near(x, numbers).conv2d(
            weight: numbers.weight.to(.float64) * numbers.scales.to(.float64).reshaped([sizes[1], 1, 1, 1]),
            bias: numbers.bias?.to(.float64), stride: sizes[3], padding: sizes[2] / 2)
        let found = withoutGradients { layer(x) }
        #expect(relativeDifference(found, expected) < 2e-6)
        // Each image comes out the same alone, and on one thread.
        let alone = LibTorch.withThreads(1) {
            withoutGradients { layer(x.narrowed(dim: 0, start: 1, count: 1)) }
        }
        #expect((alone - found.narrowed(dim: 0, start: 1, count: 1)).abs().max().item() == 0)
    }

    @Test(
        "a layer on tokens is the sum of the whole numbers",
        arguments: [[2, 7, 40], [5, 40], [1, 3, 2, 40]])
    func linear(shape: [Int]) throws {
        var stream = RandomStream(seed: 0, purpose: "x")
        let layer = Linear(40, 24, from: &stream)
        let numbers = try Self.numbers([24, 40], hasBias: true, zero: 0)
        layer.use(numbers)
        let x = stream.normal(shape)
        let expected = near(x, numbers).linear(
            weight: numbers.weight.to(.float64) * numbers.scales.to(.float64).unsqueezed(1),
            bias: numbers.bias?.to(.float64))
        #expect(relativeDifference(withoutGradients { layer(x) }, expected) < 2e-6)
    }

    @Test("gradients and other types take the weights that the numbers stand for")
    func floats() throws {
        var stream = RandomStream(seed: 0, purpose: "x")
        let layer = Conv2d(16, 8, kernel: 3, from: &stream)
        let numbers = try Self.numbers(layer.weight.shape, hasBias: true)
        layer.use(numbers)
        #expect(layer.weight.dtype == .int8)
        let x = stream.normal([1, 16, 6, 6])
        x.setRequiresGrad(true)
        let expected = x.conv2d(weight: numbers.floats, bias: numbers.bias, padding: 1)
        #expect(relativeDifference(layer(x), expected) == 0)
        layer(x).square().sum().backward()
        #expect(x.gradient != nil)
        #expect(layer(x.detached().to(.bfloat16)).dtype == .bfloat16)
    }

    @Test("layers are chosen until the error is what is allowed, the harmful one last")
    func choice() throws {
        var stream = RandomStream(seed: 5, purpose: "x")
        let x = stream.normal([4, 16, 8, 8])
        func choose(spike: Double, tolerance: Double) throws -> (Network, Int8Choice.Report) {
            let network = Network(seed: 1, spike: spike)
            let before = withoutGradients { network(x) }
            let report = try Int8Choice(for: network, tolerance: tolerance) { network(x) }.run()
            let after = withoutGradients { network(x) }
            let error = after.meanSquaredError(to: before).item()
            let deviation = (before - before.mean()).square().mean().item()
            #expect(report.tried == 3 && report.error <= tolerance)
            #expect(abs(report.error - (error / deviation).squareRoot()) < 1e-6)
            return (network, report)
        }
        let (whole, all) = try choose(spike: 1, tolerance: 0.05)
        #expect(all.layers == 3 && all.work == 1 && all.error > 0.001)
        #expect(whole.int8Layers.keys == ["first", "", "last"])
        // One channel of large values leaves the others a few numbers.
        let (spiked, some) = try choose(spike: 1000, tolerance: 0.01)
        #expect(some.layers < 3 && spiked.second.int8 == nil && some.work < 1)
        let (_, none) = try choose(spike: 1, tolerance: 1e-5)
        #expect(none.layers == 0 && none.work == 0 && none.error == 0)
        // Stopped on the way, the network is as it was.
        let network = Network(seed: 1)
        let before = withoutGradients { network(x) }
        #expect(throws: CancellationError.self) {
            try Int8Choice(for: network, tolerance: 0.05) { network(x) }.run { done, _ in
                if done == 4 { throw CancellationError() }
            }
        }
        #expect((withoutGradients { network(x) } - before).abs().max().item() == 0)
    }

    @Test("what the products lack on average goes into the biases")
    func biases() throws {
        var stream = RandomStream(seed: 5, purpose: "x")
        let layer = Conv2d(64, 32, kernel: 1, from: &stream)
        // Inputs whose rounding is not fair: most of them a little above a number.
        let x = stream.uniform([4, 64, 16, 16]).square() * 2 - 0.3
        let before = withoutGradients { layer(x) }
        _ = try Int8Choice(for: layer, tolerance: nil) { layer(x) }.run()
        let difference = withoutGradients { layer(x) - before }
        #expect(difference.abs().mean().item() > 1e-4)
        #expect(difference.mean(dims: [0, 2, 3]).abs().max().item() < 1e-6)
    }

    @Test("a checkpoint holds the numbers, and gives them back")
    func checkpoint() throws {
        var stream = RandomStream(seed: 5, purpose: "x")
        let x = stream.normal([2, 16, 8, 8])
        let network = Network(seed: 1)
        _ = try Int8Choice(for: network, tolerance: nil) { network(x) }.run()
        let state = Int8Checkpoint.state(of: network, dtype: .float16)
        #expect(state["first.weight"]?.dtype == .int8)
        #expect(state["first.bias"]?.dtype == .float32)
        #expect(state["weight_scale"]?.shape == [64])

        let other = Network(seed: 2)
        try other.load(state.filter { !Int8Checkpoint.isScale($0.key) })
        try Int8Checkpoint.use(in: other, state)
        #expect((withoutGradients { other(x) - network(x) }).abs().max().item() == 0)

        func reason(_ change: (inout OrderedDictionary<String, Tensor>) -> Void) -> String {
            var changed = state
            change(&changed)
            do {
                try Int8Checkpoint.use(in: Network(seed: 3), changed)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(reason { $0["first.input_scale"] = nil } == "it lacks first.input_scale")
        #expect(reason { $0["third.weight_scale"] = .ones([2]) }.hasPrefix("third is no layer"))
        #expect(reason { $0["first.weight_scale"] = .ones([2]) }.contains("shape [2], not [32]"))
        #expect(reason { $0["first.input_scale"] = Tensor(-1) }.contains("out of range"))
        #expect(reason { $0["first.input_scale"] = .ones([2]) }.contains("has not one scale"))
        #expect(reason { $0["first.weight"] = .ones([32, 16, 3, 3]) }.contains("not int8"))
    }
}
