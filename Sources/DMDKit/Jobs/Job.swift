// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import Torch

/// A piece of work that takes a while: it takes plain values, tells of itself by events, and ends with a result or an
/// error. It prints nothing, ends no process, reads no global state, and may run beside others.
///
/// ```swift
/// let job = Sample(count: 16)
/// for try await event in job.start() {
///     if case .update(.progress(let progress)) = event { print(progress.done, "of", progress.total) }
/// }
/// ```
///
/// A job whose task is cancelled stops in good order, keeps what it has done so far, and throws `CancellationError`. What
/// libtorch refuses, above all more memory than there is, ends the job with a `TorchError`.
public protocol Job: Sendable {
    /// What comes of it.
    associatedtype Output: Sendable

    /// Where it computes.
    var compute: ComputeSettings { get }

    /// Does the work on the calling thread.
    ///
    /// - Parameter context: hears what there is to tell, and says whether to go on.
    func run(in context: JobContext) throws -> Output
}

/// Prepares a process for jobs: to be called before it starts any thread. Jobs run without it, too, but may take a quarter
/// more memory, since what one thread frees is then lost to the others.
public func prepareProcess() { LibTorch.keepFreedMemory() }

extension Job {
    /// Starts the job on a thread of its own.
    ///
    /// - Returns: its events, the last of which is the result. When nobody listens any more, the job is cancelled.
    public func start() -> JobRun<Output> { JobRun(self) }

    /// Runs the job to its end.
    ///
    /// - Parameter onUpdate: hears what there is to tell, on the job's thread.
    public func result(onUpdate: @escaping @Sendable (JobUpdate) -> Void = { _ in }) async throws -> Output {
        let stop = StopSignal()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let thread = Thread {
                    continuation.resume(with: Result { try perform(JobContext(stop: stop, emit: onUpdate)) })
                }
                // As large as the main thread's.
                thread.stackSize = 8 << 20
                thread.start()
            }
        } onCancel: {
            stop.request()
        }
    }

    /// Runs within its settings; failures of libtorch are thrown.
    private func perform(_ context: JobContext) throws -> Output {
        LibTorch.keepFreedMemory()
        // Parts of a batch run side by side instead.
        LibTorch.operatorThreads = 1
        return try compute.run {
            try LibTorch.withErrors {
                try context.check()
                return try run(in: context)
            }
        }
    }
}

/// The events of a job that was started.
public struct JobRun<Output: Sendable>: AsyncSequence, Sendable {
    /// What a job tells.
    public enum Event: Sendable {
        /// How it goes.
        case update(JobUpdate)
        /// What came of it; nothing follows.
        case result(Output)
    }

    private let events: AsyncThrowingStream<Event, any Error>

    init<Work: Job>(_ job: Work) where Work.Output == Output {
        events = AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    let output = try await job.result { continuation.yield(.update($0)) }
                    continuation.yield(.result(output))
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// The events in order.
    public func makeAsyncIterator() -> AsyncThrowingStream<Event, any Error>.Iterator {
        events.makeAsyncIterator()
    }
}
