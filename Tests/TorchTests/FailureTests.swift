// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Dispatch
import Synchronization
import TestSupport
import Testing
import Torch

@Suite("What libtorch refuses")
struct FailureTests {
    private struct Cancelled: Error {}

    /// More memory than any machine has.
    private static func allocateTooMuch() -> Tensor { Tensor.zeros([1 << 50]) }

    /// A product of matrices that do not fit.
    private static func multiplyMisfits() -> Tensor { Tensor.ones([2, 3]).matmul(.ones([4, 5])) }

    private static func isWorking() -> Bool {
        let weight = Tensor([2.0, 3.0])
        weight.setRequiresGrad(true)
        (weight.square() * Tensor([1.0, 10.0])).sum().backward()
        return weight.gradient?.array(as: Double.self) == [4, 60]
    }

    private func isFailed(_ error: TorchError?) -> Bool {
        if case .failed(let reason) = error { !reason.isEmpty && !reason.contains("\n") } else { false }
    }

    private func isOutOfMemory(_ error: TorchError?) -> Bool {
        if case .outOfMemory(let reason) = error { !reason.isEmpty && !reason.contains("\n") } else { false }
    }

    @Test("is thrown, lack of memory as such, and all works again afterwards")
    func kinds() {
        let memory = #expect(throws: TorchError.self) {
            try LibTorch.withErrors { _ = Self.allocateTooMuch() }
        }
        #expect(isOutOfMemory(memory), "\(String(describing: memory))")
        #expect(memory?.description.contains("microBatch") == true)
        #expect(Self.isWorking())
        let shape = #expect(throws: TorchError.self) {
            try LibTorch.withErrors { _ = Self.multiplyMisfits() }
        }
        #expect(isFailed(shape), "\(String(describing: shape))")
        #expect(Self.isWorking())
    }

    @Test("is the first of several, and comes before what the body throws after it")
    func order() throws {
        let first = #expect(throws: TorchError.self) {
            try LibTorch.withErrors {
                _ = Self.multiplyMisfits()
                _ = Self.allocateTooMuch()
                throw Cancelled()
            }
        }
        #expect(isFailed(first))
        #expect(throws: Cancelled.self) {
            try LibTorch.withErrors {
                #expect(Self.isWorking())
                throw Cancelled()
            }
        }
        #expect(try LibTorch.withErrors { Self.isWorking() })
    }

    @Test("leaves tensors with a shape and without numbers")
    func standIns() {
        let before = Tensor([1.0, 2, 3])
        let after = Mutex<[String: [Double]]>([:])
        #expect(throws: TorchError.self) {
            try LibTorch.withErrors {
                let large = Self.allocateTooMuch()
                #expect(large.shape == [1 << 50] && large.dtype == .float32)
                let sum = before + Tensor([1.0, 1, 1])
                let product = Tensor.ones([4, 3], dtype: .float64).matmul(before.reshaped([3, 1]))
                let parts = Tensor.ones([6, 2]).chunked(3)
                #expect(sum.shape == [3] && sum.dtype == .float64)
                #expect(product.shape == [4, 1] && product.dtype == .float64)
                #expect(parts.map(\.shape) == [[2, 2], [2, 2], [2, 2]])
                let copied = Tensor([7.0, 8])
                #expect(copied.shape == [2])
                // What was there keeps its elements, but nothing is read any more.
                let read = [
                    before.sum(), sum.mean(), product.max(), copied.sum(), before.selected(dim: 0, index: 0),
                ]
                after.withLock { $0["items"] = read.map { $0.item() } }
                after.withLock {
                    $0["arrays"] = sum.array(as: Double.self) + product.array() + before.array()
                }
            }
        }
        let items = after.withLock { $0["items"] ?? [] }
        #expect(items.count == 5 && items.allSatisfy(\.isNaN), "\(items)")
        let arrays = after.withLock { $0["arrays"] ?? [] }
        #expect(arrays.count == 10)
        #expect(before.array(as: Double.self) == [1, 2, 3])
    }

    @Test("can be asked for on the way")
    func asking() throws {
        var reached: [Int] = []
        let error = #expect(throws: TorchError.self) {
            try LibTorch.withErrors {
                try LibTorch.throwFailure()
                reached.append(1)
                _ = Self.allocateTooMuch()
                reached.append(2)
                try LibTorch.throwFailure()
                reached.append(3)
            }
        }
        #expect(reached == [1, 2] && isOutOfMemory(error))
        try LibTorch.throwFailure()
    }

    @Test("on one of several threads reaches whoever waits for them", arguments: [1, 2, 3])
    func threads(threads: Int) {
        let error = #expect(throws: TorchError.self) {
            try LibTorch.withErrors {
                let results = concurrently(6, threads: threads) { index in
                    (index == 4 ? Self.allocateTooMuch() : Tensor.ones([2])).sum()
                }
                #expect(results.count == 6)
            }
        }
        #expect(isOutOfMemory(error))
        #expect(concurrently(4, threads: 2) { _ in Self.isWorking() } == [true, true, true, true])
    }

    @Test("in parts of a batch, in the place of threads of its own too")
    func parts() {
        let x = Tensor.ones([5, 3])
        let error = #expect(throws: TorchError.self) {
            try LibTorch.withErrors {
                try LibTorch.withThreads(3) {
                    let y = inParts(x) { $0.matmul(.ones([2, 2])) }
                    #expect(y.shape[0] == 5)
                    try LibTorch.throwFailure()
                }
            }
        }
        #expect(isFailed(error))
        #expect(
            throws: TorchError.self,
            performing: {
                try LibTorch.withThreads(2) {
                    try LibTorch.withErrors {
                        LibTorch.withThreads(1) { _ = Self.allocateTooMuch() }
                        #expect(LibTorch.threads == 2)
                    }
                }
            })
    }

    @Test("in a checkpointed function, when it is made and when it is made again", arguments: [1, 2])
    func recomputed(failing: Int) {
        let x = Tensor.full([3], value: 2)
        x.setRequiresGrad(true)
        let calls = Atomic(0)
        let error = #expect(throws: TorchError.self) {
            try LibTorch.withErrors {
                let y = checkpointed([x], parameters: [], recomputing: true) { inputs in
                    let call = calls.add(1, ordering: .relaxed).newValue
                    return call == failing ? inputs[0] + Self.allocateTooMuch() : inputs[0].square()
                }
                y.sum().backward()
            }
        }
        #expect(isOutOfMemory(error))
        #expect(calls.load(ordering: .relaxed) == failing)
        #expect(x.gradient == nil)
        #expect(Self.isWorking())
    }

    @Test("in a backward pass", arguments: [1, 2])
    func backward(threads: Int) {
        let leaf = Tensor.ones([2])
        leaf.setRequiresGrad(true)
        let error = #expect(throws: TorchError.self) {
            try LibTorch.withErrors {
                // A loss has no dimensions.
                _ = accumulateGradients(of: [leaf], over: 3, threads: threads) { index in
                    (index == 1 ? leaf * 2 : (leaf * 2).sum(), index)
                }
            }
        }
        #expect(isFailed(error))
        let other = #expect(throws: TorchError.self) {
            try LibTorch.withErrors {
                let loss = leaf.square().sum()
                loss.backward()
                // Its graph is freed.
                loss.backward()
            }
        }
        #expect(isFailed(other))
        leaf.setGradient(nil)
        _ = accumulateGradients(of: [leaf], over: 3, threads: threads) { _ in ((leaf * 2).sum(), ()) }
        #expect(leaf.gradient?.array(as: Double.self) == [6, 6])
    }

    @Test("in an inner scope is that scope's alone")
    func nested() throws {
        let outer = try LibTorch.withErrors {
            let inner = #expect(throws: TorchError.self) {
                try LibTorch.withErrors { _ = Self.allocateTooMuch() }
            }
            #expect(isOutOfMemory(inner))
            try LibTorch.throwFailure()
            #expect(Self.isWorking())
            return Tensor([1.0, 2]).sum().item()
        }
        #expect(outer == 3)
        let failed = #expect(throws: TorchError.self) {
            try LibTorch.withErrors {
                let isWorking = try LibTorch.withErrors { Self.isWorking() }
                #expect(isWorking)
                _ = Self.multiplyMisfits()
                _ = try? LibTorch.withErrors { Self.allocateTooMuch() }
            }
        }
        #expect(isFailed(failed))
    }

    @Test("on one thread does not touch another beside it")
    func beside() {
        let (hasFailed, isDone) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let results = Mutex<[String: Bool]>([:])
        let group = DispatchGroup()
        DispatchQueue.global().async(group: group) {
            let error = #expect(throws: TorchError.self) {
                try LibTorch.withErrors {
                    _ = Self.allocateTooMuch()
                    hasFailed.signal()
                    isDone.wait()
                }
            }
            results.withLock { $0["failing"] = error != nil }
        }
        DispatchQueue.global().async(group: group) {
            hasFailed.wait()
            let plain = Self.isWorking()
            let scoped = (try? LibTorch.withErrors { Self.isWorking() }) ?? false
            results.withLock { ($0["plain"], $0["scoped"]) = (plain, scoped) }
            isDone.signal()
        }
        #expect(group.wait(timeout: .now() + 60) == .success)
        #expect(results.withLock { $0 } == ["failing": true, "plain": true, "scoped": true])
    }

    /// In a process of its own: other tests have tensors too.
    @Test("leaves no tensor behind, and a network that can be trained")
    func leaks() async {
        await #expect(processExitsWith: .success) {
            let weight = Tensor.ones([4, 4])
            weight.setRequiresGrad(true)
            func step(fails: Bool) -> Bool {
                do {
                    try LibTorch.withErrors {
                        _ = accumulateGradients(of: [weight], over: 4, threads: 2) { index in
                            let y = checkpointed([weight], parameters: [], recomputing: true) { inputs in
                                let large = fails && index == 2 ? Tensor.zeros([1 << 50]).sum() : Tensor(1)
                                return inputs[0].matmul(inputs[0]) * large
                            }
                            return (y.chunked(2)[1].sum(), y.detached())
                        }
                    }
                    return true
                } catch {
                    return false
                }
            }
            _ = (step(fails: true), step(fails: false))
            weight.setRequiresGrad(true)
            weight.setGradient(nil)
            let before = LibTorch.liveTensors
            for _ in 0..<50 {
                let isDone = step(fails: true)
                #expect(!isDone)
            }
            weight.setGradient(nil)
            let growth = LibTorch.liveTensors - before
            #expect(growth == 0, "\(growth) tensors are left")
            #expect(step(fails: false))
            // The last two rows of the square: each of their weights is in four products of its row and in two others.
            let slopes = (0..<16).map { $0 < 8 ? 8.0 : 24.0 }
            #expect(weight.gradient?.array(as: Double.self) == slopes)
        }
    }

    /// A stop of the program is what is wanted here: a mistake in the calling code.
    @Test("ends the program where nobody keeps it")
    func uncaught() async {
        await #expect(processExitsWith: .failure) { _ = Tensor.ones([2, 3]).matmul(.ones([4, 5])) }
    }
}
