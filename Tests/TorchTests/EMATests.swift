// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite struct EMATests {
    private final class Weights: Module {
        let weight: Tensor
        let scale: Tensor

        convenience init(_ values: [Float], dtype: DType = .float32) {
            self.init(Tensor(values).to(dtype))
        }

        init(_ weight: Tensor) {
            self.weight = weight
            scale = Tensor([Float(1)])
        }

        var children: [Child] { [.parameter("weight", weight), .buffer("scale", scale)] }
        var values: [Double] { weight.array() }
    }

    @Test func afterOneHalfLifeTheStartCountsHalf() {
        let module = Weights([0, 0])
        let ema = EMA(of: module, halfLifeImages: 1000, rampUpRatio: nil)
        module.weight.copy(from: Tensor([1, -2]))
        for step in 0..<20 { ema.update(from: module, batchSize: 50, imagesBefore: 50 * step) }
        let averages = ema.state["weight"]?.array(as: Double.self) ?? []
        #expect(zip(averages, [0.5, -1]).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(module.values == [1, -2])
    }

    @Test func updatesFollowTheClosedForm() {
        let module = Weights([2])
        let ema = EMA(of: module, halfLifeImages: 500, rampUpRatio: 0.5)
        var average = 2.0
        for step in 0..<12 {
            let value = 1 / Double(step + 1)
            module.weight.fill(value)
            ema.update(from: module, batchSize: 128, imagesBefore: 128 * step)
            let beta = ema.beta(batchSize: 128, imagesBefore: 128 * step)
            average = beta * average + (1 - beta) * value
            #expect(abs((ema.state["weight"]?.item() ?? .nan) - average) < 1e-6)
        }
    }

    @Test(arguments: [(DType.float64, 1e-12), (.float32, 2e-6)])
    func theAverageIsThatOfPyTorch(dtype: DType, tolerance: Double) throws {
        let file = try SafetensorsFile(fixture("ema.safetensors"))
        let values = try file.tensor("values").to(dtype)
        let module = Weights(values.selected(dim: 0, index: 0).cloned())
        // An update by one image then keeps 0.9 of the average.
        let ema = EMA(of: module, halfLifeImages: log(0.5) / log(0.9), rampUpRatio: nil)
        for index in 1..<values.shape[0] {
            module.weight.copy(from: values.selected(dim: 0, index: index))
            ema.update(from: module, batchSize: 1, imagesBefore: index - 1)
        }
        let average = try #require(ema.state["weight"])
        #expect(average.dtype == dtype)
        #expect(relativeDifference(average, try file.tensor("average")) < tolerance)
    }

    @Test func theRampUpShortensTheHalfLife() {
        let ema = EMA(of: Weights([0]), halfLifeImages: 500_000, rampUpRatio: 0.05)
        #expect(ema.beta(batchSize: 64, imagesBefore: 0) == 0)
        #expect(abs(ema.beta(batchSize: 64, imagesBefore: 1280) - 0.5) < 1e-15)
        #expect(abs(ema.beta(batchSize: 500_000, imagesBefore: 10_000_000) - 0.5) < 1e-15)
        #expect(abs(ema.beta(batchSize: 500_000, imagesBefore: 90_000_000) - 0.5) < 1e-15)
    }

    @Test func smallStepsSurviveNarrowParameters() {
        let module = Weights([1], dtype: .bfloat16)
        let ema = EMA(of: module, halfLifeImages: 1000, rampUpRatio: nil)
        module.weight.fill(2)
        for step in 0..<1000 { ema.update(from: module, batchSize: 1, imagesBefore: step) }
        #expect(ema.state["weight"]?.dtype == .float32)
        #expect(abs((ema.state["weight"]?.item() ?? .nan) - 1.5) < 1e-3)
        ema.copy(to: module)
        #expect(module.weight.dtype == .bfloat16)
        #expect(module.values == [1.5])
    }

    @Test func averagesLoadBackAndCopyIntoAModule() throws {
        let module = Weights([3, 4])
        let ema = EMA(of: module, halfLifeImages: 10)
        #expect(ema.state.keys == ["weight"])
        try ema.load(state: ["weight": Tensor([5, 6])])
        ema.copy(to: module)
        #expect(module.values == [5, 6])
        #expect(throws: StateMismatch.self) { try ema.load(state: ["weight": Tensor([5, 6, 7])]) }
        #expect(throws: StateMismatch.self) { try ema.load(state: [:]) }
        #expect(ema.state["weight"]?.array(as: Double.self) == [5, 6])
    }
}
