// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import TestSupport
import Testing
import Torch

@Suite("Tensors dealt out to processes")
struct ShardsTests {
    @Test("are each one process's, and no process has much more than another")
    func loads() {
        let sizes = [3, 70, 64, 9, 9, 36, 1, 0, 25]
        for processes in 1...12 {
            let shards = Shards(of: sizes, over: processes)
            #expect((0..<processes).flatMap(shards.tensors).sorted() == Array(sizes.indices))
            #expect(shards.loads.reduce(0, +) == 217)
            // A largest-first order is never further from the best than a third; the best is no less than this.
            let best = max(70, 217.0 / Double(processes))
            #expect(Double(shards.loads.max() ?? 0) <= best * 4 / 3)
            #expect(
                shards.loads
                    == (0..<processes).map { rank in
                        shards.tensors(of: rank).reduce(0) { $0 + sizes[$1] }
                    })
        }
        #expect(Shards(of: sizes, over: 3).owners == Shards(of: sizes, over: 3).owners)
        let some = Shards(of: sizes, over: 3).selecting([1, 7, 2])
        #expect(some.owners == [1, 7, 2].map { Shards(of: sizes, over: 3).owners[$0] })
    }

    private func same(_ a: Tensor, _ b: Tensor) -> Bool { a.array(as: Float.self) == b.array(as: Float.self) }

    /// Different numbers in each process: more than one bucket of them, a transposed layout, and one without elements.
    private static func tensors(_ rank: Int) -> [Tensor] {
        let shapes = [[5_000_000], [4, 8, 3, 3], [0], [4_000_001], [5_000_000], [7]]
        return shapes.enumerated().map { index, shape in
            var stream = RandomStream(seed: 5, purpose: "shards", step: rank, index: index)
            let tensor = stream.normal(shape)
            return shape.count == 4 ? tensor.channelsLast() : tensor
        }
    }

    @Test(
        "are added up where they are kept, to the bits that all would come to, and handed round",
        arguments: [2, 3])
    func sums(count: Int) throws {
        let results = try inProcesses(count) { processes in
            let (whole, parts) = (Self.tensors(processes.rank), Self.tensors(processes.rank))
            let shards = Shards(of: parts.map(\.count), over: count)
            try processes.sum(whole)
            try processes.sum(parts, in: shards)
            let own = shards.tensors(of: processes.rank)
            #expect(own.allSatisfy { same(parts[$0], whole[$0]) })
            let untouched = Self.tensors(processes.rank)
            #expect(parts.indices.filter { !own.contains($0) }.allSatisfy { same(parts[$0], untouched[$0]) })

            let collected = try processes.collected(parts, of: shards)
            #expect(collected.count == (processes.isFirst ? whole.count : 0))
            #expect(zip(collected, whole).allSatisfy { same($0, $1) })

            let norm = try processes.clipGradientNorm(parts, in: shards, to: 2)
            try processes.spread(parts, of: shards)
            let leaves = whole.map { Tensor.zerosLike($0) }
            for (leaf, gradient) in zip(leaves, whole) { leaf.setGradient(gradient) }
            #expect(norm.item() == clipGradientNorm(leaves, to: 2).item())
            #expect(zip(parts, leaves).allSatisfy { part, leaf in same(part, leaf.gradient ?? leaf) })
        }
        for result in results { try result.get() }
    }
}
