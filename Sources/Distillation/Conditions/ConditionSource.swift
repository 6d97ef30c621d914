// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
import OrderedCollections
import Torch
import Weights

/// What images are conditioned on: a list of which each image takes one. A run draws from it with equal chances, and pair
/// `i` takes number `i % count`.
public protocol ConditionSource: Sendable {
    /// How many there are, at least 1.
    var count: Int { get }

    /// Tells one list from all others, so that pairs of other conditions are noticed.
    var fingerprint: String { get }

    /// The conditions of the given numbers, each below ``count``.
    ///
    /// - Returns: what a `Denoiser` takes, a row for each number, float32 on the CPU.
    func callAsFunction(_ numbers: [Int]) -> Condition
}

/// Classes as one-hot rows, `[N, count]`.
public struct ClassConditions: ConditionSource {
    /// The number of classes.
    public let count: Int

    /// All classes of a network that has some.
    ///
    /// - Parameter count: at least 1.
    public init(count: Int) {
        precondition(count >= 1, "there are no classes")
        self.count = count
    }

    /// The number of classes in words.
    public var fingerprint: String { "\(count) classes" }

    /// The rows of the given classes.
    public func callAsFunction(_ numbers: [Int]) -> Condition {
        .classes(Tensor(numbers).oneHot(classCount: count).to(.float32))
    }
}

/// Conditions in memory.
public struct TensorConditions: ConditionSource {
    private let condition: Condition

    /// A list of conditions.
    ///
    /// - Parameter condition: a row for each, at least one, of any floating-point type on the CPU.
    public init(_ condition: Condition) { self.condition = condition }

    /// The number of rows.
    public var count: Int { condition.count }

    /// That of the tensors.
    public var fingerprint: String { Weights.fingerprint(of: condition.tensors) }

    /// The rows of the given numbers.
    public func callAsFunction(_ numbers: [Int]) -> Condition {
        Condition(condition.indexed(by: Tensor(numbers)).tensors.mapValues { $0.to(.float32) })
    }
}
