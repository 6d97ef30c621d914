// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Dispatch
import Foundation
import OrderedCollections
import Synchronization
import Torch

/// Writes checkpoints on a thread of its own, so that a run stands still only while its tensors are copied in memory.
///
/// One write is under way at most: the next waits for it. What a write throws is thrown by the call that follows it.
final class CheckpointQueue: Sendable {
    private let writer: CheckpointWriter
    private let queue = DispatchQueue(label: "checkpoints")
    private let underWay = DispatchGroup()
    private let failure = Mutex<(any Error)?>(nil)
    private let duration = Mutex(Duration.zero)

    /// How long the last write took that is done.
    var lastDuration: Duration { duration.withLock { $0 } }

    init(_ writer: CheckpointWriter) {
        self.writer = writer
    }

    /// Begins to write tensors, which nothing changes any more. Waits for the write under way.
    ///
    /// - Parameter prepare: called before the write, on its thread.
    func write(
        step: Int, files: [String: OrderedDictionary<String, Tensor>], state: some Encodable & Sendable,
        recipe: String?, score: Double?, after prepare: @escaping @Sendable () throws -> Void
    ) throws {
        try wait()
        queue.async(group: underWay) { [self] in
            let start = ContinuousClock.now
            let threads = LibTorch.operatorThreads
            LibTorch.operatorThreads = 1
            defer { LibTorch.operatorThreads = threads }
            do {
                try prepare()
                try writer.write(step: step, files: files, state: state, recipe: recipe, score: score)
                duration.withLock { $0 = ContinuousClock.now - start }
            } catch {
                failure.withLock { $0 = error }
            }
        }
    }

    /// Throws what a write has failed with by now.
    func check() throws {
        let error = failure.withLock { error in
            defer { error = nil }
            return error
        }
        if let error { throw error }
    }

    /// Waits for the write under way.
    func wait() throws {
        underWay.wait()
        try check()
    }
}
