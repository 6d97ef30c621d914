// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Testing
import Torch

@Suite("Work side by side", .serialized)
struct ConcurrencyTests {
    /// Runs with a number of threads, whatever the machine has.
    private func withThreads<R>(_ count: Int, _ body: () -> R) -> R {
        let before = LibTorch.threads
        LibTorch.threads = count
        defer { LibTorch.threads = before }
        return body()
    }

    @Test("comes back in order, each operator on one thread, and leaves the number of threads")
    func order() {
        withThreads(3) {
            let results = concurrently(7) { (index: $0, threads: LibTorch.threads) }
            #expect(results.map(\.index) == Array(0..<7))
            #expect(results.allSatisfy { $0.threads == 1 })
            #expect(LibTorch.threads == 3)
            #expect(concurrently(0) { $0 }.isEmpty)
        }
    }

    @Test("records for gradients exactly where the caller does")
    func recording() {
        withThreads(2) {
            let x = Tensor.full([2], value: 3.0)
            x.setRequiresGrad(true)
            #expect(concurrently(4) { _ in (x * 2).requiresGrad } == [true, true, true, true])
            let quiet = withoutGradients { concurrently(4) { _ in (x * 2).requiresGrad } }
            #expect(quiet == [false, false, false, false])
        }
    }

    @Test("joins what parts of a batch become")
    func parts() {
        let x = Tensor.arange(10, dtype: .float32).reshaped([5, 2])
        let factors = Tensor.arange(5, dtype: .float32).reshaped([5, 1])
        for threads in [1, 2, 4, 8] {
            let product = withThreads(threads) {
                inParts(x, factors) { x, factors in factors.map { x * $0 } ?? x }
            }
            #expect(product.array(as: Int.self) == [0, 0, 2, 3, 8, 10, 18, 21, 32, 36])
        }
    }

    @Test("adds up the gradients of several losses, also to what is there")
    func gradients() {
        for threads in [1, 2, 3] {
            let (used, unused) = (Tensor.full([3], value: 2.0), Tensor.full([3], value: 2.0))
            for leaf in [used, unused] { leaf.setRequiresGrad(true) }
            let factors = withThreads(threads) {
                for _ in 0..<2 {
                    _ = accumulateGradients(of: [used, unused], over: 4) { ((used * Double($0)).sum(), ()) }
                }
                return accumulateGradients(of: [used, unused], over: 2) { ((used * Double($0)).sum(), $0) }
            }
            #expect(factors == [0, 1])
            #expect(used.gradient?.array(as: Int.self) == [13, 13, 13])
            #expect(unused.gradient == nil)
        }
    }
}
