// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Dispatch
import Testing
import Torch

@Suite("Work side by side")
struct ConcurrencyTests {
    @Test("comes back in order, each operator on one thread, and leaves their number as it was")
    func order() {
        let operatorThreads = LibTorch.operatorThreads
        let results = concurrently(7, threads: 3) { (index: $0, threads: LibTorch.operatorThreads) }
        #expect(results.map(\.index) == Array(0..<7))
        #expect(results.allSatisfy { $0.threads == 1 })
        #expect(concurrently(1, threads: 3) { _ in LibTorch.operatorThreads } == [3])
        #expect(LibTorch.operatorThreads == operatorThreads)
        #expect(concurrently(0) { $0 }.isEmpty)
    }

    @Test("goes on while one part takes long")
    func longPart() {
        let others = DispatchSemaphore(value: 0)
        let isDone = concurrently(7, threads: 2) { index in
            guard index == 0 else {
                others.signal()
                return true
            }
            return (1...6).allSatisfy { _ in others.wait(timeout: .now() + 30) == .success }
        }
        #expect(isDone[0])
    }

    @Test("records for gradients exactly where the caller does")
    func recording() {
        let x = Tensor.full([2], value: 3.0)
        x.setRequiresGrad(true)
        #expect(concurrently(4, threads: 2) { _ in (x * 2).requiresGrad } == [true, true, true, true])
        let quiet = withoutGradients { concurrently(4, threads: 2) { _ in (x * 2).requiresGrad } }
        #expect(quiet == [false, false, false, false])
    }

    @Test("leaves the threads that it borrows recording as before")
    func borrowedThreads() {
        for _ in 0..<20 { _ = withoutGradients { concurrently(8, threads: 8) { $0 } } }
        var recording = [Bool](repeating: false, count: 8)
        recording.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let buffer = buffer
            DispatchQueue.concurrentPerform(iterations: 8) { index in
                let x = Tensor.full([1], value: 1.0)
                x.setRequiresGrad(true)
                buffer[index] = (x * 2).requiresGrad
            }
        }
        #expect(!recording.contains(false))
    }

    @Test("joins what parts of a batch become", arguments: [1, 2, 4, 8])
    func parts(threads: Int) {
        let x = Tensor.arange(10, dtype: .float32).reshaped([5, 2])
        let factors = Tensor.arange(5, dtype: .float32).reshaped([5, 1])
        let product = inParts(x, factors, threads: threads) { x, factors in factors.map { x * $0 } ?? x }
        #expect(product.array(as: Int.self) == [0, 0, 2, 3, 8, 10, 18, 21, 32, 36])
    }

    @Test("adds up the gradients of several losses, also to what is there", arguments: [1, 2, 3])
    func gradients(threads: Int) {
        let (used, unused) = (Tensor.full([3], value: 2.0), Tensor.full([3], value: 2.0))
        for leaf in [used, unused] { leaf.setRequiresGrad(true) }
        func accumulate(_ count: Int) -> [Int] {
            accumulateGradients(of: [used, unused], over: count, threads: threads) {
                ((used * Double($0)).sum(), $0)
            }
        }
        _ = accumulate(4)
        _ = accumulate(4)
        #expect(accumulate(2) == [0, 1])
        #expect(used.gradient?.array(as: Int.self) == [13, 13, 13])
        #expect(unused.gradient == nil)
    }
}
