// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Testing
import Torch

@Suite("The order of an epoch")
struct EpochOrderTests {
    @Test("is a permutation in every epoch", arguments: [1, 2, 3, 4, 5, 7, 16, 17, 100, 1_000, 4_096, 4_097])
    func permutations(count: Int) {
        let order = EpochOrder(count: count, seed: 11, purpose: "order")
        #expect(order.count == count)
        for epoch in [0, 1, 2, 1_000_003] {
            let numbers = order(epoch * count..<(epoch + 1) * count)
            #expect(numbers.sorted() == Array(0..<count), "epoch \(epoch)")
        }
    }

    @Test("is another one for another epoch, seed or purpose, and the same for the same")
    func names() {
        func epoch(_ epoch: Int, seed: UInt64 = 11, purpose: String = "order") -> [Int] {
            EpochOrder(count: 100, seed: seed, purpose: purpose)(epoch * 100..<(epoch + 1) * 100)
        }
        let orders = [
            Array(0..<100), epoch(0), epoch(1), epoch(2), epoch(0, seed: 12), epoch(1, seed: 12),
            epoch(0, seed: 11 << 32), epoch(0, purpose: "orders"), epoch(0, purpose: ""),
        ]
        #expect(Set(orders).count == orders.count)
        #expect(epoch(1) == orders[2])
        // Two orders without anything in common agree at one place of a hundred, on average.
        for (index, order) in orders.enumerated() {
            for other in orders[..<index] { #expect(zip(order, other).count { $0 == $1 } < 9) }
        }
    }

    @Test("does not depend on the parts that are asked for")
    func parts() {
        let order = EpochOrder(count: 7, seed: 3, purpose: "order")
        let whole = order(0..<35)
        for cut in 0...35 { #expect(order(0..<cut) + order(cut..<35) == whole) }
        #expect((0..<35).flatMap { order($0..<$0 + 1) } == whole)
        #expect(order(12..<12).isEmpty)
    }

    /// How often each number stands at each place, over many seeds or many epochs.
    @Test("puts any number at any place with equal chances", arguments: [2, 3, 5, 8], [true, false])
    func uniform(count: Int, overSeeds: Bool) {
        let trials = 6_000
        var found = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
        for trial in 0..<trials {
            let order = EpochOrder(count: count, seed: overSeeds ? UInt64(trial) : 5, purpose: "order")
            let first = overSeeds ? 0 : trial * count
            for (place, number) in order(first..<first + count).enumerated() { found[place][number] += 1 }
        }
        let expected = Double(trials) / Double(count)
        for places in found {
            let chiSquare = places.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
            // The 99.999% quantile with 7 degrees of freedom is 35.3, and lower with fewer.
            #expect(chiSquare < 35.3, "\(chiSquare)")
        }
    }

    /// A network of too few rounds has the chances of single numbers right, but not those of pairs.
    @Test("gives all orders of a small set")
    func allOrders() {
        var found: [[Int]: Double] = [:]
        for seed in 0..<24_000 as Range<UInt64> {
            found[EpochOrder(count: 4, seed: seed, purpose: "order")(0..<4), default: 0] += 1
        }
        #expect(found.count == 24)
        let chiSquare = found.values.reduce(0) { $0 + ($1 - 1_000) * ($1 - 1_000) / 1_000 }
        // With 23 degrees of freedom the 99.999% quantile is 66.
        #expect(chiSquare < 66, "\(chiSquare)")
    }
}
