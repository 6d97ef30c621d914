// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// A sum that is taken as a balanced tree: neighbours first, then neighbouring pairs, and so on.
///
///     ((0 + 1) + (2 + 3)) + ((4 + 5) + (6 + 7))
///
/// Floating-point sums depend on their order. This one comes out the same if stretches of 2^k terms are added up first, wherever that
/// is done, and the results after them in the same way: processes that each add up their part of a batch come to the bits of one
/// process that adds up all of it.
struct BalancedSum<Value> {
    private let plus: (Value, Value) -> Value
    /// Sums of stretches whose lengths are falling powers of two.
    private var stretches: [(length: Int, sum: Value)] = []

    /// An empty sum.
    init(plus: @escaping (Value, Value) -> Value) { self.plus = plus }

    /// Takes the next term.
    mutating func add(_ value: Value) {
        var (length, sum) = (1, value)
        while let last = stretches.last, last.length == length {
            stretches.removeLast()
            (length, sum) = (length * 2, plus(last.sum, sum))
        }
        stretches.append((length, sum))
    }

    /// The sum; nil of nothing.
    var total: Value? {
        guard let last = stretches.last else { return nil }
        return stretches.dropLast().reversed().reduce(last.sum) { plus($1.sum, $0) }
    }
}
