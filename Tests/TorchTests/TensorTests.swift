// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import TestSupport
import Testing
import Torch

@Suite struct TensorTests {
    @Test func valuesSurviveTheWayInAndOut() {
        let tensor = Tensor([1.5, -2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        #expect(tensor.shape == [2, 3])
        #expect(tensor.dtype == .float32)
        #expect(tensor.array(as: Double.self) == [1.5, -2, 3, 4, 5, 6])
        #expect(tensor.permuted([1, 0]).array(as: Float.self) == [1.5, 4, -2, 5, 3, 6])
        #expect(Tensor([1, 2, 3]).dtype == .int64)
    }

    @Test func arithmeticIsElementwise() {
        let a = Tensor([1, 2, 4] as [Double])
        let b = Tensor([3, 5, 8] as [Double])
        #expect((a + b).array() == [4.0, 7, 12])
        #expect((a - b).array() == [-2.0, -3, -4])
        #expect((a * b).array() == [3.0, 10, 32])
        #expect((b / a).array() == [3.0, 2.5, 2])
        #expect((1 - a).array() == [0.0, -1, -3])
        #expect((1 / a).array() == [1, 0.5, 0.25])
        #expect((-a).array() == [-1.0, -2, -4])
    }

    @Test func inPlaceChangesAreSeenByEveryHolder() {
        var a = Tensor([1, 2] as [Float])
        let holder = a
        a += Tensor([10, 20] as [Float])
        #expect(holder.array() == [11, 22] as [Float])
    }

    @Test func listsComeBackInOrder() {
        let parts = Tensor.arange(10, dtype: .float32).split(sizes: [3, 7])
        #expect(parts.map(\.count) == [3, 7])
        #expect(parts[1].array(as: Float.self).first == 3)
        #expect(Tensor.concatenated(parts).array(as: Int.self) == Array(0..<10))
    }

    @Test func channelsLastKeepsTheValues() {
        let x = Tensor.arange(24, dtype: .float32).reshaped([1, 2, 3, 4])
        #expect(x.channelsLast().array(as: Float.self) == x.array(as: Float.self))
    }

    @Test(arguments: ["gpu", "cuda:-1", "cuda:x", "cpu:0", ""])
    func unknownDevicesAreRefused(name: String) {
        #expect(throws: DeviceError.unknown(name)) { try Device(parsing: name) }
    }
}

@Suite struct AutogradTests {
    @Test func gradientsMatchFiniteDifferences() {
        let x = Tensor([0.3, -1.2, 0.7, 2.0] as [Double], shape: [2, 2])
        x.setRequiresGrad(true)
        func f(_ x: Tensor) -> Tensor { (x.matmul(x).sigmoid() * x.square()).sum() }
        f(x).backward()
        let gradient = x.gradient
        #expect(gradient != nil)
        #expect(relativeDifference(gradient ?? x, finiteDifferences(at: x, f)) < 1e-8)
    }

    @Test func gradientsOfUnusedInputsAreZero() {
        let x = Tensor([2.0])
        let unused = Tensor([5.0])
        for tensor in [x, unused] { tensor.setRequiresGrad(true) }
        let found = gradients(of: x.square().sum(), with: [x, unused])
        #expect(found.map { $0.item() } == [4, 0])
    }

    @Test func nothingIsRecordedWithoutGradients() {
        let x = Tensor([2.0])
        x.setRequiresGrad(true)
        #expect(withoutGradients { x * 2 }.requiresGrad == false)
        #expect((x * 2).requiresGrad)
        #expect((x * 2).detached().requiresGrad == false)
    }
}

@Suite(.serialized) struct LeakTests {
    @Test func aTrainingStepLeavesNoTensorBehind() {
        let weight = Tensor([0.5, -0.5])
        weight.setRequiresGrad(true)
        func step() {
            let loss = (weight * Tensor([1.0, 2.0])).square().sum()
            loss.backward()
            weight.setGradient(nil)
        }
        step()
        // Other tests run beside this one and hold tensors of their own for a moment: a leak grows with the steps.
        let before = LibTorch.liveTensors
        for _ in 0..<10_000 { step() }
        #expect(LibTorch.liveTensors - before < 5_000)
    }
}
