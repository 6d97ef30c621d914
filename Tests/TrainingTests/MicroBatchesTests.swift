// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import TestSupport
import Testing
import Torch
import Training

@Suite("Micro-batches")
struct MicroBatchesTests {
    @Test(
        "cover a batch with parts whose sizes differ by one",
        arguments: [(10, 3), (10, 4), (9, 4), (7, 7), (64, 9)])
    func ranges(batch: Int, largest: Int) throws {
        let parts = try MicroBatches(of: batch, largest: largest, on: .cpu, .alone)
        #expect(parts.ranges.flatMap(\.self) == Array(0..<batch))
        let sizes = parts.ranges.map(\.count)
        #expect((sizes.max() ?? 0) <= largest && (sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
        #expect(parts.share == 0..<parts.count)
        #expect(parts.ranges(of: 5).flatMap(\.self) == Array(0..<5))
    }

    @Test("are one a thread of all processes, but no more than there are samples")
    func threads() throws {
        let counts = try inProcesses(2) { processes in
            try LibTorch.withThreads(3) {
                try [64, 7, 2].map { try MicroBatches(of: $0, largest: nil, on: .cpu, processes).count }
                    + [try MicroBatches(of: 64, largest: nil, reaching: 4, on: .cpu, processes).count]
            }
        }
        for result in counts { #expect(try result.get() == [6, 6, 2, 4]) }
    }

    @Test("must be an equal number for each process, which a sentence helps to find")
    func uneven() throws {
        let results = try inProcesses(2) { processes in
            (
                Result { try MicroBatches(of: 64, largest: 24, on: .cpu, processes) },
                Result { try MicroBatches(of: 1, largest: nil, on: .cpu, processes) }
            )
        }
        for result in results {
            let (uneven, small) = try result.get()
            #expect(
                throws: RecipeError.invalid(
                    key: "microBatch",
                    reason:
                        "makes 3 parts of a batch of 64, which 2 processes cannot share evenly: set it to 21")
            ) { try uneven.get() }
            #expect(throws: RecipeError.invalid(key: "batch", reason: "is 1, which 2 processes cannot share"))
            {
                try small.get()
            }
        }
    }
}
