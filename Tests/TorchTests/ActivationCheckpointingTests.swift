// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Synchronization
import Testing
import Torch

@Suite("A checkpointed function")
struct ActivationCheckpointingTests {
    @Test("has the same result and the same gradients, bit for bit, also where its input goes elsewhere too")
    func gradients() {
        let plain = evaluated(recomputing: false)
        let recomputed = evaluated(recomputing: true)
        #expect(plain.count == 4)
        for (a, b) in zip(plain, recomputed) {
            #expect(a.array(as: Float.self) == b.array(as: Float.self))
        }
        #expect(plain.allSatisfy { $0.abs().max().item() > 0 })
    }

    /// A result, and its gradients on two inputs and a parameter.
    private func evaluated(recomputing: Bool) -> [Tensor] {
        var stream = RandomStream(seed: 0, purpose: "test")
        let (a, b, weight) = (stream.normal([64, 64]), stream.normal([64, 64]), stream.normal([64, 64]))
        for leaf in [a, b, weight] { leaf.setRequiresGrad(true) }
        let input = a * 0.3
        let y = checkpointed([input, b], parameters: [weight], recomputing: recomputing) { inputs in
            (inputs[0].matmul(weight) * inputs[1].sin()).tanh() + inputs[0] * 0.7 + inputs[0].square()
        }
        let loss = (y * input.cos()).sum() + input.exp().sum()
        return [y.detached()] + Torch.gradients(of: loss, with: [a, b, weight])
    }

    @Test("is evaluated a second time for gradients, and once without them")
    func evaluations() {
        let x = Tensor.full([3], value: 2)
        x.setRequiresGrad(true)
        let count = Atomic(0)
        @Sendable func cube(_ inputs: [Tensor]) -> Tensor {
            count.add(1, ordering: .relaxed)
            return inputs[0].pow(3)
        }
        let y = checkpointed([x], parameters: [], recomputing: true, cube)
        #expect(count.load(ordering: .relaxed) == 1)
        y.sum().backward()
        #expect(count.load(ordering: .relaxed) == 2)
        #expect(x.gradient?.array(as: Double.self) == [12, 12, 12])
        _ = withoutGradients { checkpointed([x], parameters: [], recomputing: true, cube) }
        #expect(count.load(ordering: .relaxed) == 3)
    }

    @Test("gives no gradient to what needs none, and releases all it held")
    func frozen() {
        weak var witness: Witness?
        do {
            let (x, frozen) = (Tensor.full([2], value: 3), Tensor.full([2], value: 5))
            x.setRequiresGrad(true)
            let held = Witness()
            witness = held
            let y = checkpointed([x, frozen], parameters: [held.weight], recomputing: true) {
                $0[0] * $0[1] * held.weight
            }
            y.sum().backward()
            #expect(x.gradient?.array(as: Double.self) == [10, 10])
            #expect(frozen.gradient == nil && held.weight.gradient == nil)
        }
        #expect(witness == nil)
    }

    private final class Witness: Sendable {
        let weight = Tensor.full([2], value: 2)
    }

    @Test("may be one after another, on several threads at once")
    func threads() {
        let weight = Tensor.full([8], value: 1.01)
        weight.setRequiresGrad(true)
        func gradient(recomputing: Bool) -> [Float] {
            weight.setGradient(nil)
            _ = accumulateGradients(of: [weight], over: 6, threads: 3) { part in
                var x = Tensor.arange(8, dtype: .float32) * Double(part)
                for _ in 0..<5 {
                    x = checkpointed([x], parameters: [weight], recomputing: recomputing) {
                        ($0[0] * weight).sin()
                    }
                }
                return (x.sum(), ())
            }
            return weight.gradient?.array() ?? []
        }
        let plain = gradient(recomputing: false)
        #expect(plain.count == 8 && gradient(recomputing: true) == plain)
    }
}
