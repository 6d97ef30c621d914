// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Testing
import Torch

@Suite("Memory that is kept for large tensors")
struct TensorHeapTests {
    /// Large enough to be kept, and of sizes that leave rests and neighbours behind.
    private static func size(_ thread: Int, _ turn: Int) -> Int {
        4096 + (turn * 7919 + thread * 104_729) % 200_000
    }

    @Test("belongs to one tensor at a time, whichever threads take and return it")
    func blocks() {
        LibTorch.keepFreedMemory()
        let wrong = concurrently(4, threads: 4) { thread in
            var wrong = 0
            var held: [(value: Double, tensor: Tensor)] = []
            for turn in 0..<400 {
                let value = Double(thread * 1000 + turn)
                held.append((value, .full([Self.size(thread, turn)], value: value, dtype: .float64)))
                if turn % 3 > 0 || held.count > 12 {
                    let (value, tensor) = held.remove(at: turn * 31 % held.count)
                    if tensor.min().item() != value || tensor.max().item() != value { wrong += 1 }
                }
                if turn % 100 == 99 { LibTorch.returnFreedMemory() }
            }
            return wrong
                + held.count { $0.tensor.min().item() != $0.value || $0.tensor.max().item() != $0.value }
        }
        #expect(wrong == [0, 0, 0, 0])
    }

    @Test("is aligned as vectors of all instruction sets ask for")
    func alignment() {
        LibTorch.keepFreedMemory()
        for elements in [1, 4095, 4096, 10_001, 1_000_003] {
            let tensor = Tensor.zeros([elements])
            tensor.withUnsafeBytes { #expect(Int(bitPattern: $0.baseAddress) % 64 == 0) }
        }
    }
}
