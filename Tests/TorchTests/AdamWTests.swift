// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import TestSupport
import Testing
import Torch
import Weights

@Suite struct AdamWTests {
    /// The update of one number, as the paper has it and PyTorch computes it.
    private struct Oracle {
        var value: Double
        var mean = 0.0
        var square = 0.0
        var step = 0.0

        mutating func update(
            _ gradient: Double, rate: Double, betas: (Double, Double), epsilon: Double, decay: Double
        ) {
            step += 1
            value -= rate * decay * value
            mean = betas.0 * mean + (1 - betas.0) * gradient
            square = betas.1 * square + (1 - betas.1) * gradient * gradient
            let meanHat = mean / (1 - power(betas.0, step))
            let squareHat = square / (1 - power(betas.1, step))
            value -= rate * meanHat / (squareHat.squareRoot() + epsilon)
        }

        private func power(_ base: Double, _ exponent: Double) -> Double {
            (0..<Int(exponent)).reduce(1) { product, _ in product * base }
        }
    }

    private func ramp(_ shape: [Int], from start: Double = -1, by step: Double = 0.125) -> Tensor {
        let count = shape.reduce(1, *)
        return Tensor((0..<count).map { start + step * Double($0) }, shape: shape)
    }

    @Test func groupsFollowTheClosedForm() {
        let a = ramp([3])
        let b = ramp([2, 2], from: 0.5)
        let optimizer = AdamW(groups: [
            .init(parameters: ["a": a], learningRate: 0.1, weightDecay: 0.25),
            .init(
                parameters: ["b": b], learningRate: 0.02, betas: (0.5, 0.75), epsilon: 1e-3, weightDecay: 0),
        ])
        var oracleA = a.array(as: Double.self).map { Oracle(value: $0) }
        var oracleB = b.array(as: Double.self).map { Oracle(value: $0) }
        for step in 1...5 {
            let gradientA = ramp([3], from: Double(step), by: -1)
            let gradientB = ramp([2, 2], from: 0.01 * Double(step), by: -0.02)
            a.setGradient(gradientA)
            b.setGradient(gradientB)
            if step == 4 { optimizer.learningRate = 0.05 }
            optimizer.step()
            for (index, gradient) in gradientA.array(as: Double.self).enumerated() {
                oracleA[index].update(
                    gradient, rate: step < 4 ? 0.1 : 0.05, betas: (0.9, 0.999), epsilon: 1e-8, decay: 0.25)
            }
            for (index, gradient) in gradientB.array(as: Double.self).enumerated() {
                oracleB[index].update(
                    gradient, rate: step < 4 ? 0.02 : 0.05, betas: (0.5, 0.75), epsilon: 1e-3, decay: 0)
            }
            for (found, expected) in zip(a.array(as: Double.self) + b.array(), oracleA + oracleB) {
                #expect(abs(found - expected.value) < 1e-12)
            }
        }
    }

    @Test(arguments: [(DType.float64, 1e-12), (.float32, 2e-6)])
    func tenStepsAreThoseOfPyTorch(dtype: DType, tolerance: Double) throws {
        let file = try SafetensorsFile(fixture("adamw.safetensors"))
        let gradients = try file.tensors(under: "gradients.", as: dtype)
        let parameters = OrderedDictionary(
            uniqueKeysWithValues: try file.tensors(under: "start.", as: dtype).map { ($0, $1) })
        let optimizer = AdamW(parameters: parameters, learningRate: 1e-2, weightDecay: 0.01)
        for step in 0..<10 {
            for (name, parameter) in parameters {
                parameter.setGradient(gradients[name]?.selected(dim: 0, index: step))
            }
            optimizer.step()
        }
        var found: [String: Tensor] = [:]
        for (name, parameter) in parameters {
            found[name] = parameter
            for moment in ["exp_avg", "exp_avg_sq"] {
                found["\(name).\(moment)"] = optimizer.state["\(moment)/\(name)"]
            }
        }
        let expected = try file.tensors(under: "\(dtype).", as: dtype)
        #expect(differences(found, from: expected, tolerance: tolerance) == [])
    }

    @Test func stepsDownhillThroughAutograd() {
        let weight = ramp([4], from: 1)
        weight.setRequiresGrad(true)
        let optimizer = AdamW(parameters: ["weight": weight], learningRate: 0.05, weightDecay: 0)
        for _ in 0..<200 {
            optimizer.zeroGradients()
            weight.square().sum().backward()
            optimizer.step()
        }
        #expect(weight.array(as: Double.self).allSatisfy { abs($0) < 0.01 })
        optimizer.zeroGradients()
        #expect(weight.gradient == nil)
    }

    @Test func memoryFormatDoesNotMatter() {
        let plain = ramp([2, 3, 4, 5])
        let channelsLast = plain.cloned().channelsLast()
        let optimizer = AdamW(parameters: ["plain": plain, "channelsLast": channelsLast], learningRate: 0.1)
        for _ in 0..<2 {
            let gradient = ramp([2, 3, 4, 5], from: 2, by: -0.0625)
            plain.setGradient(gradient)
            channelsLast.setGradient(gradient)
            optimizer.step()
        }
        #expect(plain.array(as: Double.self) == channelsLast.array(as: Double.self))
    }

    @Test func parametersWithoutGradientAreLeftAlone() {
        let trained = ramp([3])
        let idle = ramp([3])
        let optimizer = AdamW(parameters: ["trained": trained, "idle": idle], learningRate: 0.1)
        optimizer.step()
        trained.setGradient(.ones([3], dtype: .float64))
        optimizer.step()
        #expect(idle.array(as: Double.self) == ramp([3]).array(as: Double.self))
        #expect(trained.array(as: Double.self) != ramp([3]).array(as: Double.self))
    }

    @Test func aLoadedStateContinuesExactly() throws {
        func make() -> (weight: Tensor, optimizer: AdamW) {
            let weight = ramp([5]).to(.float32)
            return (weight, AdamW(parameters: ["layer.weight": weight], learningRate: 0.1))
        }
        func run(_ weight: Tensor, _ optimizer: AdamW, steps: ClosedRange<Int>) {
            for step in steps {
                weight.setGradient(ramp([5], from: Double(step)).to(.float32))
                optimizer.step()
            }
        }
        let (weight, optimizer) = make()
        run(weight, optimizer, steps: 1...3)
        #expect(optimizer.state.keys == ["step", "exp_avg/layer.weight", "exp_avg_sq/layer.weight"])

        let (resumedWeight, resumed) = make()
        try resumed.load(state: optimizer.state.mapValues { $0.cloned() })
        resumedWeight.copy(from: weight)
        run(weight, optimizer, steps: 4...6)
        run(resumedWeight, resumed, steps: 4...6)
        #expect(weight.array(as: Float.self) == resumedWeight.array(as: Float.self))
    }

    @Test func aStateThatDoesNotFitChangesNothing() throws {
        let weight = ramp([2])
        let optimizer = AdamW(parameters: ["w": weight], learningRate: 0.1)
        var state = optimizer.state.mapValues { Tensor.full($0.shape, value: 3) }
        state["exp_avg_sq/w"] = .ones([3])
        state["exp_avg/v"] = .ones([2])
        let error = #expect(throws: StateMismatch.self) { try optimizer.load(state: state) }
        #expect(error?.unexpected == ["exp_avg/v"])
        #expect(error?.shapes == [.init(path: "exp_avg_sq/w", expected: [2], found: [3])])
        #expect(optimizer.state.values.allSatisfy { $0.array(as: Double.self).allSatisfy { $0 == 0 } })
    }
}
