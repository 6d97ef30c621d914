// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// A table with a row for each of some whole numbers, such as tokens.
public final class Embedding: Module {
    /// The rows, `[count, size]`.
    public let weight: Tensor

    /// A new table.
    ///
    /// - Parameters:
    ///   - count: the number of rows.
    ///   - size: the length of a row.
    ///   - initialisation: how the rows are drawn.
    ///   - stream: what they are drawn from.
    public init(
        _ count: Int, _ size: Int, initialisation: Initialisation = .unitNormal,
        from stream: inout RandomStream
    ) {
        weight = initialisation.weight([count, size], from: &stream)
    }

    /// `weight`.
    public var children: [Child] { [.parameter("weight", weight)] }

    /// The rows of the given numbers.
    ///
    /// - Parameter numbers: int64, of any shape, from 0 to `count - 1`.
    /// - Returns: the shape of `numbers` with the length of a row behind it, in the type of the weight.
    public func callAsFunction(_ numbers: Tensor) -> Tensor {
        weight.indexed(by: numbers.flattened()).reshaped(numbers.shape + [weight.shape[1]])
    }
}
