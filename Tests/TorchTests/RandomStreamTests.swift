// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Testing
import Torch

@Suite struct RandomStreamTests {
    private func normals(_ seed: UInt64, _ purpose: String, step: Int = 0, index: Int = 0, count: Int = 64)
        -> [Double]
    {
        var stream = RandomStream(seed: seed, purpose: purpose, step: step, index: index)
        return stream.normal([count]).array()
    }

    @Test func aNameGivesTheSameNumbersAgain() {
        var first = RandomStream(seed: 7, purpose: "noise", step: 3)
        _ = RandomStream(seed: 8, purpose: "noise", step: 3)
        var second = RandomStream(seed: 7, purpose: "noise", step: 3)
        #expect(first.normal([3, 5]).array(as: Float.self) == second.normal([3, 5]).array(as: Float.self))
        #expect(first.uniform([40]).array(as: Float.self) == second.uniform([40]).array(as: Float.self))
        #expect(
            first.integers(below: 1000, shape: [9]).array(as: Int.self)
                == second.integers(below: 1000, shape: [9]).array(as: Int.self))
        #expect(first.permutation(31).array(as: Int.self) == second.permutation(31).array(as: Int.self))
        #expect(first.normal([7]).array(as: Float.self) != second.uniform([7]).array(as: Float.self))
    }

    /// Computed apart: the mix by hand in another language, the numbers by PyTorch from the generator's state.
    @Test func numbersStayThoseOfEarlierVersions() {
        func stream() -> RandomStream { RandomStream(seed: 7, purpose: "generator noise", step: 3, index: 1) }
        func isClose(_ values: Tensor, _ expected: [Double]) -> Bool {
            zip(values.array(as: Double.self), expected).allSatisfy { abs($0 - $1) < 1e-6 }
        }
        var normal = stream()
        #expect(isClose(normal.normal([4]), [-1.2257900238, 1.5368020535, 0.7639694810, 1.2781783342]))
        var uniform = stream()
        #expect(isClose(uniform.uniform([4]), [0.1696446538, 0.2705164552, 0.8568956256, 0.3808097243]))
        var integers = stream()
        #expect(integers.integers(below: 10, shape: [6]).array(as: Int.self) == [7, 3, 7, 9, 7, 2])
        var permutation = stream()
        #expect(permutation.permutation(8).array(as: Int.self) == [5, 1, 3, 7, 2, 6, 4, 0])
    }

    @Test func everyPartOfTheNameMatters() {
        let draws = [
            normals(7, "noise"), normals(8, "noise"), normals(7, "noises"), normals(7, ""),
            normals(7, "noise", step: 1), normals(7, "noise", index: 1),
            normals(7, "noise", step: 1, index: 2),
            normals(7, "noise", step: 2, index: 1), normals(7, "noise", step: -1), normals(0, "", step: 7),
            normals(7 << 32, "noise"), normals(7, "noise", step: 1 << 32),
        ]
        #expect(Set(draws).count == draws.count)
    }

    /// With 32 bits of seed, about five pairs among so many streams would be the same.
    @Test func manyStreamsAllDiffer() {
        let first = (0..<200_000).map { step in
            var stream = RandomStream(seed: 1, purpose: "noise", step: step)
            return stream.integers(below: 1 << 62, shape: []).array(as: Int.self)
        }
        #expect(Set(first).count == first.count)
    }

    @Test func neighbouringStreamsAreUncorrelated() {
        let count = 40_000
        let here = normals(1, "noise", step: 10, count: count)
        let neighbours = [
            normals(1, "noise", step: 11, count: count), normals(2, "noise", step: 10, count: count),
            normals(1, "noise", step: 10, index: 1, count: count),
            normals(1, "labels", step: 10, count: count),
        ]
        for neighbour in neighbours {
            let correlation = zip(here, neighbour).reduce(0) { $0 + $1.0 * $1.1 } / Double(count)
            #expect(abs(correlation) < 4.5 / Double(count).squareRoot())
        }
    }

    @Test func drawsFollowTheirDistributions() {
        var stream = RandomStream(seed: 5, purpose: "moments")
        let count = 200_000
        let bound = 4.5 / Double(count).squareRoot()
        let normal = stream.normal([count], dtype: .float64)
        #expect(abs(normal.mean().item()) < bound)
        #expect(abs(normal.square().mean().item() - 1) < bound * 2.0.squareRoot())
        let uniform = stream.uniform([count], dtype: .float64)
        #expect(uniform.min().item() >= 0 && uniform.max().item() < 1)
        #expect(abs(uniform.mean().item() - 0.5) < bound / 12.0.squareRoot())
        let integers = stream.integers(below: 3, shape: [count]).array(as: Int.self)
        for value in 0..<3 {
            let share = Double(integers.count { $0 == value }) / Double(count)
            #expect(abs(share - 1 / 3.0) < bound * (2 / 9.0).squareRoot())
        }
        #expect(Set(integers) == [0, 1, 2])
        #expect(stream.permutation(1000).array(as: Int.self).sorted() == Array(0..<1000))
    }

    @Test func narrowTypesRoundTheSameDraws() {
        var wide = RandomStream(seed: 5, purpose: "types")
        var narrow = RandomStream(seed: 5, purpose: "types")
        let expected = wide.normal([33]).to(.bfloat16)
        let found = narrow.normal([33], dtype: .bfloat16)
        #expect(found.dtype == .bfloat16)
        #expect(found.array(as: Float.self) == expected.array(as: Float.self))
        #expect(wide.integers(below: 2, shape: []).shape == [])
        #expect(wide.normal([0, 3]).shape == [0, 3])
    }

    @Test func aSamplesNumbersAreItsOwnHoweverABatchIsSplit() {
        func rows(_ indices: some Collection<Int>) -> [[Float]] {
            let drawn = RandomStream.normals(indices, seed: 7, purpose: "noise", step: 3, shape: [2, 3])
            #expect(drawn.shape == [indices.count, 2, 3] && drawn.dtype == .float32)
            return drawn.flattened(from: 1).chunked(indices.count).map { $0.array() }
        }
        func integers(_ indices: some Collection<Int>) -> [Int] {
            RandomStream.integers(below: 1_000, indices, seed: 7, purpose: "classes", step: 3)
        }
        let (whole, drawn) = (rows(0..<10), integers(0..<10))
        for sizes in [[1, 9], [5, 5], [2, 3, 4, 1], Array(repeating: 1, count: 10)] {
            var start = 0
            var (split, splitIntegers): ([[Float]], [Int]) = ([], [])
            for size in sizes {
                split += rows(start..<start + size)
                splitIntegers += integers(start..<start + size)
                start += size
            }
            #expect(split == whole && splitIntegers == drawn)
        }
        #expect(rows([9, 4, 4]) == [whole[9], whole[4], whole[4]])
        #expect(integers([9, 4, 4]) == [drawn[9], drawn[4], drawn[4]])
        #expect(Set(whole).count == 10)
        var stream = RandomStream(seed: 7, purpose: "noise", step: 3, index: 4)
        #expect(stream.normal([2, 3]).array(as: Float.self) == whole[4])
    }

    /// In two ways: along the samples of one batch, and along the steps at one place of the batch.
    @Test(arguments: [true, false]) func integersOfSamplesAreUniform(alongABatch: Bool) {
        let (bound, count) = (10, 20_000)
        let drawn =
            alongABatch
            ? RandomStream.integers(below: bound, 0..<count, seed: 3, purpose: "level", step: 5)
            : (0..<count).flatMap {
                RandomStream.integers(below: bound, [5], seed: 3, purpose: "level", step: $0)
            }
        #expect(drawn.allSatisfy((0..<bound).contains))
        let expected = Double(count) / Double(bound)
        let chiSquare = (0..<bound).reduce(0.0) { sum, value in
            let found = Double(drawn.count { $0 == value })
            return sum + (found - expected) * (found - expected) / expected
        }
        // With 9 degrees of freedom the 99.99% quantile is 33.7, and less than 0.5 happens once in 40,000 times.
        #expect((0.5..<33.7).contains(chiSquare), "\(chiSquare)")
        #expect(
            RandomStream.integers(below: 1, 0..<5, seed: 3, purpose: "level", step: 5) == [0, 0, 0, 0, 0])
    }

    @Test(arguments: [true, false]) func normalsOfSamplesHaveMean0AndVariance1(alongABatch: Bool) {
        let count = 20_000
        let drawn =
            alongABatch
            ? RandomStream.normals(0..<count, seed: 3, purpose: "z", step: 5, shape: [2])
            : RandomStream.normals(at: 0..<count, seed: 3, purpose: "z", shape: [2])
        let values = drawn.to(.float64)
        // Five standard errors of 40,000 draws: 5 / 200, and 5 sqrt(2) / 200 for the variance.
        #expect(abs(values.mean().item()) < 0.025)
        #expect(abs(values.square().mean().item() - 1) < 0.0354)
        // Neighbours know nothing of each other, within a sample and from one to the next.
        let products =
            values.narrowed(dim: 0, start: 0, count: count - 1)
            * values.narrowed(dim: 0, start: 1, count: count - 1)
        #expect(products.mean(dims: [0]).abs().max().item() < 5 / Double(count).squareRoot())
        #expect(
            values.selected(dim: 1, index: 0).matmul(values.selected(dim: 1, index: 1)).item()
                / Double(count) < 5 / Double(count).squareRoot())
    }
}
