// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch
import Dispatch
import Synchronization

/// Runs `body(0)`, ..., `body(count - 1)` side by side and returns what they return, in order.
///
/// Meanwhile every operator uses one thread alone, or all of them if there is nothing side by side. Parts of a batch that
/// go through a whole network side by side meet once, at its end; operators that each share out their loops meet hundreds
/// of times and wait for the slowest thread.
///
/// - Parameters:
///   - count: how often to run, from 0.
///   - threads: how many run at once, at least 1.
///   - body: called from several threads at once; it records for gradients exactly if the caller does.
public func concurrently<R: Sendable>(
    _ count: Int, threads: Int = LibTorch.threads, _ body: @Sendable (Int) -> R
) -> [R] {
    let workers = min(threads, count)
    let operatorThreads = LibTorch.operatorThreads
    defer { LibTorch.operatorThreads = operatorThreads }
    guard workers > 1 else {
        LibTorch.operatorThreads = threads
        return (0..<count).map(body)
    }
    let isRecording = ct_grad_enabled()
    let scope = Scope()
    return Array(unsafeUninitializedCapacity: count) { buffer, initializedCount in
        // Each index is one thread's alone, and all are done before this returns.
        nonisolated(unsafe) let results = buffer
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: workers) { _ in
            // The thread is not ours alone: it is left as it was.
            let before = (threads: LibTorch.operatorThreads, isRecording: ct_grad_enabled())
            defer {
                LibTorch.operatorThreads = before.threads
                ct_set_grad_enabled(before.isRecording)
            }
            LibTorch.operatorThreads = 1
            ct_set_grad_enabled(isRecording)
            scope {
                while true {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < count else { break }
                    results.initializeElement(at: index, to: body(index))
                }
            }
        }
        initializedCount = count
    }
}

/// Applies `body` to a batch: on the CPU to as many parts of it side by side as there are threads, elsewhere to all of it.
///
/// - Parameters:
///   - x: `[N, ...]`, N at least 1.
///   - threads: how many parts there are at most.
///   - body: treats every element of a batch by itself; called from several threads at once.
/// - Returns: `[N, ...]`.
public func inParts(
    _ x: Tensor, threads: Int = LibTorch.threads, _ body: @Sendable (Tensor) -> Tensor
) -> Tensor {
    let parts = x.chunked(partCount(of: x, threads: threads))
    return .concatenated(concurrently(parts.count, threads: threads) { body(parts[$0]) })
}

/// As ``inParts(_:threads:_:)``, for two tensors of one batch.
public func inParts(
    _ x: Tensor, _ y: Tensor, threads: Int = LibTorch.threads, _ body: @Sendable (Tensor, Tensor) -> Tensor
) -> Tensor {
    let count = partCount(of: x, threads: threads)
    let (xs, ys) = (x.chunked(count), y.chunked(count))
    return .concatenated(concurrently(count, threads: threads) { body(xs[$0], ys[$0]) })
}

/// The number of parts of a batch that are worth computing side by side.
package func partCount(of x: Tensor, threads: Int = LibTorch.threads) -> Int {
    x.device == .cpu ? min(threads, x.shape[0]) : 1
}

/// Adds the gradient of a sum of losses to that of `parameters`, with as many losses side by side as there are threads,
/// and one after another where that is one.
///
/// On the CPU the sum is taken as a balanced tree over the losses' numbers, so that its bits depend neither on which thread is done
/// first nor on how many there are, and so that processes may share the losses; see ``Communicator/sum(_:)``. Other devices add each
/// gradient to the last, which needs no memory.
///
/// - Parameters:
///   - parameters: the leaves; those that no loss depends on keep what they have.
///   - count: the number of losses.
///   - threads: how many are made at once; as many gradients of all parameters are in memory, and as many more as `count` can be
///     halved. The default is ``Device/threads`` of the parameters' device.
///   - body: makes a loss, a tensor without dimensions, and whatever else is to be returned; called from several
///     threads at once.
/// - Returns: what `body` returned beside the losses, in order.
public func accumulateGradients<R: Sendable>(
    of parameters: some Sequence<Tensor>, over count: Int, threads: Int? = nil,
    _ body: @Sendable (Int) -> (loss: Tensor, result: R)
) -> [R] {
    let parameters = Array(parameters)
    let device = parameters.first?.device ?? .cpu
    let threads = threads ?? device.threads
    // In order is the tree's order for two.
    guard min(threads, count) > 1 || device == .cpu && count > 2 else {
        return (0..<count).map { index in
            concurrently(1, threads: threads) { _ in
                let (loss, result) = body(index)
                loss.backward(into: parameters)
                return result
            }[0]
        }
    }
    var sum = BalancedSum<[Tensor?]>(plus: added)
    let results = stride(from: 0, to: count, by: threads).flatMap { first in
        let parts = concurrently(min(threads, count - first), threads: threads) { index in
            let (loss, result) = body(first + index)
            return (gradients: gradientsIfAny(of: loss, with: parameters), result: result)
        }
        for part in parts { sum.add(part.gradients) }
        return parts.map(\.result)
    }
    let before = parameters.map(\.gradient)
    for (parameter, gradient) in zip(parameters, added(before, sum.total ?? [])) {
        parameter.setGradient(gradient?.inFormat(of: parameter))
    }
    return results
}

private let addEach = Operator("aten::_foreach_add.List")

/// The sums of gradients, each where there is one.
private func added(_ a: [Tensor?], _ b: [Tensor?]) -> [Tensor?] {
    let both = zip(a, b).compactMap { a, b in a.flatMap { a in b.map { (a, $0) } } }
    let sums =
        both.isEmpty
        ? []
        : withoutGradients {
            addEach.many(.tensors(both.map(\.0)), .tensors(both.map(\.1)), atMost: both.count)
        }
    var next = sums.makeIterator()
    return zip(a, b).map { a, b in a != nil && b != nil ? next.next() : a ?? b }
}
