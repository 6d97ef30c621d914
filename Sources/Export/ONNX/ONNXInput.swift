// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// An input of a function that becomes a model of ONNX.
public struct ONNXInput: Sendable {
    /// A size of an input.
    public enum Size: Equatable, Sendable {
        /// The same in each call.
        case fixed(Int)
        /// A size that the caller chooses, by its name, such as `batch`.
        case free(String)
    }

    /// What the caller names it by.
    public var name: String
    /// Its size in each dimension.
    public var shape: [Size]
    /// An input of the right type, of a shape that has `shape`'s fixed sizes; for whatever the function does with it.
    var example: @Sendable (_ shape: [Int]) -> Tensor

    /// An input of real numbers, float32.
    public static func reals(_ name: String, _ shape: [Size]) -> ONNXInput {
        ONNXInput(name: name, shape: shape) { shape in
            var stream = RandomStream(seed: 0, purpose: name)
            return stream.normal(shape)
        }
    }

    /// An input of whole numbers from 0 up to `bound`, int64.
    public static func numbers(_ name: String, below bound: Int, _ shape: [Size]) -> ONNXInput {
        ONNXInput(name: name, shape: shape) { shape in
            let count = shape.reduce(1, *)
            return Tensor((0..<count).map { Int64($0 % bound) }, shape: shape)
        }
    }
}

/// The sizes with which a function is recorded: first all at their usual values, then each free size once at another. What
/// changes in an integer, and how, tells how it follows from the free sizes.
struct SizeTrials {
    /// The names of the free sizes.
    let names: [String]
    /// The sizes by name in each recording.
    let trials: [[String: Int]]

    /// - Parameter usual: what a free size is in the first recording and, second, where it is the one that differs. Both are to be
    ///   sizes that the function takes, and more than 1, since a size of 1 is repeated where another is not.
    init(_ inputs: [ONNXInput], usual: (String) -> (Int, Int)) {
        var names: [String] = []
        for case .free(let name) in inputs.flatMap(\.shape) where !names.contains(name) { names.append(name) }
        let first = Dictionary(uniqueKeysWithValues: names.map { ($0, usual($0).0) })
        self.names = names
        trials = [first] + names.map { name in first.merging([name: usual(name).1]) { $1 } }
    }

    /// The shape of an input in a recording.
    func shape(of input: ONNXInput, in trial: Int) -> [Int] {
        input.shape.map { size in
            switch size {
            case .fixed(let value): value
            case .free(let name): trials[trial][name, default: 1]
            }
        }
    }

    /// What an integer is, given its value in each recording: `numerator / denominator` times some of the free sizes; nil if it is
    /// nothing of the kind.
    func product(_ values: [Int]) -> SizeProduct? {
        var product = SizeProduct(numerator: values[0], denominator: 1, names: [])
        for (name, value) in zip(names, values.dropFirst()) where value != values[0] {
            let (before, after) = (trials[0][name, default: 1], values[0] * trials.changed(name))
            guard value * before == after else { return nil }
            product.names.append(name)
            product.denominator *= before
        }
        let divisor = gcd(product.numerator, product.denominator)
        guard divisor > 0 else { return product }
        product.numerator /= divisor
        product.denominator /= divisor
        return product
    }
}

/// `numerator / denominator` times the free sizes of some names.
struct SizeProduct: Hashable {
    var numerator: Int
    var denominator: Int
    var names: [String]

    /// Whether it is the same in each call.
    var isFixed: Bool { names.isEmpty }
}

extension [[String: Int]] {
    /// The size of a name where it is the one that differs from the first trial.
    fileprivate func changed(_ name: String) -> Int {
        lazy.compactMap { $0[name] }.first { $0 != self[0][name] } ?? 1
    }
}

private func gcd(_ a: Int, _ b: Int) -> Int { b == 0 ? abs(a) : gcd(b, a % b) }
