// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// One call of an operator, as it was in each recording of a function.
struct ONNXCall {
    let name: String
    private let steps: [Recording.Step]

    /// - Throws: ``ONNXError/dependsOnSize`` if the recordings have other operators there.
    init(_ steps: [Recording.Step]) throws(ONNXError) {
        name = steps[0].name
        self.steps = steps
        guard steps.allSatisfy({ $0.name == name && $0.results.count == steps[0].results.count }) else {
            throw .dependsOnSize
        }
    }

    /// What it returned.
    var results: [ONNXGraph.Operand] {
        steps[0].results.indices.map { index in steps.map { $0.results[index] } }
    }

    /// The only result.
    var result: ONNXGraph.Operand { steps.map { $0.results[0] } }

    /// The shapes of the only result.
    var shapes: [[Int]] { result.map(\.shape) }

    /// All tensors among the arguments.
    var operands: [ONNXGraph.Operand] {
        steps[0].arguments.indices.flatMap { index -> [ONNXGraph.Operand] in
            switch steps[0].arguments[index] {
            case .tensor: optionalTensor(index).map { [$0] } ?? []
            case .tensors: tensors(index)
            default: []
            }
        }
    }

    func tensor(_ index: Int) -> ONNXGraph.Operand {
        guard let operand = optionalTensor(index) else { return unexpected(index) }
        return operand
    }

    func optionalTensor(_ index: Int) -> ONNXGraph.Operand? {
        let operand = steps.compactMap { step -> Tensor? in
            guard case .tensor(let tensor)? = argument(index, of: step) else { return nil }
            return tensor
        }
        return operand.count == steps.count ? operand : nil
    }

    func tensors(_ index: Int) -> [ONNXGraph.Operand] {
        let lists = steps.map { step -> [Tensor] in
            guard case .tensors(let tensors)? = argument(index, of: step) else { return unexpected(index) }
            return tensors
        }
        return lists[0].indices.map { element in lists.map { $0[element] } }
    }

    /// An integer in each recording.
    func sizes(_ index: Int) -> [Int] {
        steps.map { step in
            guard case .int(let value)? = argument(index, of: step) else { return unexpected(index) }
            return value
        }
    }

    /// An integer that is the same in all recordings.
    func int(_ index: Int) throws(ONNXError) -> Int {
        let values = sizes(index)
        guard values.allSatisfy({ $0 == values[0] }) else { throw .dependsOnSize }
        return values[0]
    }

    /// A dimension of a tensor of the given rank, which may be counted from the end.
    func dimension(_ index: Int, of rank: Int) throws(ONNXError) -> Int {
        let dimension = try int(index)
        return dimension < 0 ? dimension + rank : dimension
    }

    /// Integers that are the same in all recordings.
    func ints(_ index: Int) throws(ONNXError) -> [Int] {
        let lists = steps.map { step -> [Int] in
            guard case .ints(let values)? = argument(index, of: step) else { return unexpected(index) }
            return values
        }
        guard lists.allSatisfy({ $0 == lists[0] }) else { throw .dependsOnSize }
        return lists[0]
    }

    /// A number that is the same in all recordings.
    func double(_ index: Int) throws(ONNXError) -> Double {
        guard let value = try optionalDouble(index) else { return unexpected(index) }
        return value
    }

    func optionalDouble(_ index: Int) throws(ONNXError) -> Double? {
        let values = steps.map { step -> Double? in
            guard case .double(let value)? = argument(index, of: step) else { return nil }
            return value
        }
        guard values.allSatisfy({ $0 == values[0] }) else { throw .dependsOnSize }
        return values[0]
    }

    func bool(_ index: Int) -> Bool {
        guard case .bool(let value)? = argument(index, of: steps[0]) else { return false }
        return value
    }

    private func argument(_ index: Int, of step: Recording.Step) -> Operator.Argument? {
        index < step.arguments.count ? step.arguments[index] : nil
    }

    private func unexpected<R>(_ index: Int) -> R {
        preconditionFailure("argument \(index) of \(name) is of another kind")
    }
}
