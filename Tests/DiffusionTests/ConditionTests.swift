// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import OrderedCollections
import Testing
import Torch

@Suite("A condition")
struct ConditionTests {
    private let condition = Condition([
        "classes": Tensor.arange(10, dtype: .float32).reshaped([5, 2]),
        "context": Tensor.arange(30, dtype: .float64).reshaped([5, 2, 3]),
    ])

    /// The first number of each row tells the row.
    private func rows(_ condition: Condition) -> [[Int]] {
        let (classes, context) = (condition.classes ?? Tensor(-1), condition.context ?? Tensor(-1))
        #expect(classes.shape == [condition.count, 2] && context.shape == [condition.count, 2, 3])
        #expect(classes.dtype == .float32 && context.dtype == .float64)
        let (a, b) = (classes.array(as: Int.self), context.array(as: Int.self))
        return [
            (0..<condition.count).map { a[2 * $0] / 2 }, (0..<condition.count).map { b[6 * $0] / 6 },
        ]
    }

    @Test("knows its rows and its names")
    func names() {
        #expect(condition.count == 5 && rows(condition) == [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]])
        let classes = Condition.classes(.ones([3, 4]))
        #expect(classes.classes?.shape == [3, 4] && classes.context == nil && classes.count == 3)
        let context = Condition.context(.ones([2, 7, 4]))
        #expect(context.context?.shape == [2, 7, 4] && context.classes == nil && context.count == 2)
    }

    @Test("is split into parts that make the whole again")
    func splitting() {
        let split = condition.split(sizes: [1, 3, 1])
        #expect(split.map(rows) == [[[0], [0]], [[1, 2, 3], [1, 2, 3]], [[4], [4]]])
        let chunks = condition.chunked(3)
        #expect(chunks.map(\.count) == [2, 2, 1])
        for parts in [split, chunks, [condition]] {
            let whole = Condition.concatenated(parts)
            #expect(Array(whole.tensors.keys) == ["classes", "context"])
            #expect(rows(whole) == rows(condition))
        }
        #expect(rows(.concatenated([chunks[2], chunks[0]])) == [[4, 0, 1], [4, 0, 1]])
    }

    @Test("gives the rows that are asked for, and repeats a single one")
    func choosing() {
        #expect(rows(condition.indexed(by: Tensor([4, 0, 4]))) == [[4, 0, 4], [4, 0, 4]])
        let one = condition.indexed(by: Tensor([3]))
        #expect(rows(one.expanded(to: 4)) == [[3, 3, 3, 3], [3, 3, 3, 3]])
        #expect(rows(one.expanded(to: 1)) == [[3], [3]])
    }

    @Test("goes with the parts of a batch", arguments: [1, 2, 3, 8])
    func parts(threads: Int) {
        let x = Tensor.arange(5, dtype: .float64).reshaped([5, 1])
        let sums = inParts(x, given: condition, threads: threads) { x, condition in
            x * 100
                + (condition?.context ?? .zeros([])).flattened(from: 1).narrowed(dim: 1, start: 0, count: 1)
        }
        #expect(sums.array(as: Int.self) == [0, 106, 212, 318, 424])
        let alone = inParts(x, given: nil, threads: threads) { x, condition in
            condition == nil ? x + 1 : x
        }
        #expect(alone.array(as: Int.self) == [1, 2, 3, 4, 5])
    }
}
