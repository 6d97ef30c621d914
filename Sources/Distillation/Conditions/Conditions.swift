// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
public import Torch
import Weights

/// What images are conditioned on: a list of which each image takes one. A run draws from it with equal chances, and pair
/// `i` takes number `i % count`.
public protocol Conditions {
    /// How many there are, at least 1.
    var count: Int { get }

    /// Tells one list from all others, so that pairs of other conditions are noticed.
    var fingerprint: String { get }

    /// The conditions of the given numbers, each below ``count``.
    ///
    /// - Returns: what a ``Denoiser`` takes, `[N, ...]`, float32 on the CPU.
    func callAsFunction(_ numbers: [Int]) -> Tensor
}

/// Classes as one-hot rows, `[N, count]`.
public struct ClassConditions: Conditions {
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
    public func callAsFunction(_ numbers: [Int]) -> Tensor {
        Tensor(numbers).oneHot(classCount: count).to(.float32)
    }
}

/// Conditions in memory.
public struct TensorConditions: Conditions {
    private let vectors: Tensor

    /// A list of conditions.
    ///
    /// - Parameter vectors: `[count, ...]`, at least one, of any floating-point type on the CPU.
    public init(_ vectors: Tensor) {
        precondition(vectors.shape[0] >= 1, "there are no conditions")
        self.vectors = vectors
    }

    /// The number of vectors.
    public var count: Int { vectors.shape[0] }

    /// That of the vectors.
    public var fingerprint: String { Weights.fingerprint(of: ["vectors": vectors]) }

    /// The vectors of the given numbers.
    public func callAsFunction(_ numbers: [Int]) -> Tensor {
        vectors.indexed(by: Tensor(numbers)).to(.float32)
    }
}
