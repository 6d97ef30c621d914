// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Dispatch
import Synchronization
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
        let product = inParts(x, factors, threads: threads) { $0 * $1 }
        #expect(product.array(as: Int.self) == [0, 0, 2, 3, 8, 10, 18, 21, 32, 36])
        let doubled = inParts(x, threads: threads) { $0 * 2 }
        #expect(doubled.shape == [5, 2])
        #expect(doubled.array(as: Int.self) == (0..<10).map { 2 * $0 })
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

    /// The gradient of a sum is one number in the memory of all.
    @Test("adds up gradients that are the same everywhere", arguments: [1, 2, 3])
    func expandedGradients(threads: Int) {
        let leaves = [Tensor.full([3], value: 2.0), Tensor.full([2, 2], value: 1.0)]
        for leaf in leaves { leaf.setRequiresGrad(true) }
        for _ in 0..<2 {
            _ = accumulateGradients(of: leaves, over: 4, threads: threads) { _ in
                (leaves[0].sum() + leaves[1].sum() * 2, ())
            }
        }
        #expect(leaves[0].gradient?.array(as: Int.self) == [8, 8, 8])
        #expect(leaves[1].gradient?.array(as: Int.self) == [16, 16, 16, 16])
        #expect(leaves.allSatisfy { $0.gradient?.shape == $0.shape })
        clipGradientNorm(leaves, to: 1)
    }

    @Test("takes as many threads as a scope names, which other threads do not see")
    func scopes() {
        let before = LibTorch.threads
        let inner = LibTorch.withThreads(5) {
            let nested = LibTorch.withThreads(3) { [LibTorch.threads, Device.cpu.threads] }
            let inParts = concurrently(4, threads: 2) { _ in LibTorch.threads }
            return nested + [LibTorch.threads] + inParts
        }
        #expect(inner == [3, 3, 5, 5, 5, 5, 5])
        #expect(LibTorch.threads == before)
        let outside = LibTorch.withThreads(7) {
            let queue = DispatchQueue(label: "another thread")
            let group = DispatchGroup()
            let found = Setting(0)
            queue.async(group: group) { found.value = LibTorch.threads }
            group.wait()
            return found.value
        }
        #expect(outside == before)
        struct Stop: Error {}
        #expect(throws: Stop.self) { try LibTorch.withThreads(9) { throw Stop() } }
        #expect(LibTorch.threads == before)
        // A batch is never dealt out to more parts than it has.
        let counts = Mutex(0)
        _ = LibTorch.withThreads(8) {
            inParts(Tensor.ones([3, 1])) { x in
                counts.withLock { $0 += x.shape[0] == 1 ? 1 : 100 }
                return x
            }
        }
        #expect(counts.withLock { $0 } == 3)
    }

    /// In a process of its own, where nothing has asked before.
    @Test("does not take the single thread of an operator at work for all there are")
    func firstQuestion() async {
        await #expect(processExitsWith: .success) {
            let before = LibTorch.operatorThreads
            LibTorch.operatorThreads = 1
            #expect(LibTorch.threads == before)
            LibTorch.operatorThreads = before
        }
    }
}
