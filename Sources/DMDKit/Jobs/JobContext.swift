// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
import Synchronization
import Torch

/// How a job goes.
public enum JobUpdate: Sendable {
    /// How far it is.
    case progress(JobProgress)
    /// Numbers of a training step, by the tags of the log.
    case scalars(step: Int, [String: Double])
    /// A picture that was written.
    case picture(step: Int, URL)
    /// Something worth a sentence.
    case message(String)
    /// Something that should not stay so.
    case warning(String)
}

/// How far a job, or a part of it, is.
public struct JobProgress: Sendable, Equatable {
    /// What is done, in a word or two.
    public let title: String
    /// What is counted, in the singular.
    public let unit: String
    /// How many are done.
    public let done: Int
    /// How many there are.
    public let total: Int
    /// How many are done in a second of late; nil until that is known.
    public let perSecond: Double?
    /// More to tell, such as a loss; mostly empty.
    public let note: String
    /// Whether no more progress of this part follows.
    public let isLast: Bool

    /// Progress; see the properties.
    public init(
        title: String, unit: String, done: Int, total: Int, perSecond: Double? = nil, note: String = "",
        isLast: Bool = false
    ) {
        (self.title, self.unit, self.done, self.total) = (title, unit, done, total)
        (self.perSecond, self.note, self.isLast) = (perSecond, note, isLast)
    }
}

/// What a running job has of whoever started it.
public struct JobContext: Sendable {
    private let stop: StopSignal
    private let emit: @Sendable (JobUpdate) -> Void

    /// A context for a job that is run by hand.
    ///
    /// - Parameters:
    ///   - stop: says when to stop.
    ///   - emit: hears updates.
    public init(stop: StopSignal = StopSignal(), emit: @escaping @Sendable (JobUpdate) -> Void = { _ in }) {
        self.stop = stop
        self.emit = emit
    }

    /// Whether the job should stop.
    public var isStopping: Bool { stop.isRequested }

    /// To be called between two pieces of work.
    ///
    /// - Throws: `CancellationError` if the job should stop, `TorchError` for what libtorch has refused.
    public func check() throws {
        try LibTorch.throwFailure()
        if isStopping { throw CancellationError() }
    }

    /// Tells something.
    public func tell(_ update: JobUpdate) { emit(update) }

    /// Warns.
    public func warn(_ sentence: String) { emit(.warning(sentence)) }

    /// Begins to count.
    ///
    /// - Parameters:
    ///   - title: what is done, in a word or two.
    ///   - total: how many there are to do.
    ///   - done: how many of them were done before.
    ///   - unit: what is counted, in the singular.
    public func counter(_ title: String, total: Int, done: Int = 0, unit: String) -> ProgressCounter {
        ProgressCounter(title, total: total, done: done, unit: unit) { emit(.progress($0)) }
    }
}

/// Asks a job to stop.
public final class StopSignal: Sendable {
    private let requested = Atomic(false)

    /// Nobody has asked yet.
    public init() {}

    /// Whether somebody has asked.
    public var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Asks.
    public func request() { requested.store(true, ordering: .relaxed) }
}

/// Counts what a job does, and tells of it ten times a second at most; see ``JobContext/counter(_:total:done:unit:)``.
public struct ProgressCounter {
    private let title: String
    private let total: Int
    private let unit: String
    private let emit: (JobProgress) -> Void
    private let elapsed: () -> Duration
    private var done: Int
    private var rate = ProgressRate()
    private var nextTold = Duration.zero

    /// A counter.
    ///
    /// - Parameters:
    ///   - title: what is done, in a word or two.
    ///   - total: how many there are to do.
    ///   - done: how many of them were done before.
    ///   - unit: what is counted, in the singular.
    ///   - elapsed: the time since the counter was made.
    ///   - emit: hears the progress.
    public init(
        _ title: String, total: Int, done: Int = 0, unit: String,
        elapsed: @escaping () -> Duration = stopwatch(),
        emit: @escaping (JobProgress) -> Void
    ) {
        (self.title, self.total, self.done, self.unit) = (title, total, done, unit)
        (self.elapsed, self.emit) = (elapsed, emit)
        rate.update(count: done, at: .zero)
    }

    /// Notes how many are done by now.
    public mutating func update(_ done: Int, note: String = "") {
        self.done = done
        let now = elapsed()
        rate.update(count: done, at: now)
        // The end is told by ``finish(note:)``.
        guard now >= nextTold, done < total else { return }
        nextTold = now + .milliseconds(100)
        tell(note, isLast: false)
    }

    /// Tells the last state.
    public func finish(note: String = "") { tell(note, isLast: true) }

    private func tell(_ note: String, isLast: Bool) {
        emit(
            JobProgress(
                title: title, unit: unit, done: done, total: total, perSecond: rate.perSecond, note: note,
                isLast: isLast))
    }
}

/// The time since this call.
public func stopwatch() -> () -> Duration {
    let start = ContinuousClock.now
    return { .now - start }
}
