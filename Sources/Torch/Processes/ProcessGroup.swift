// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch
import Foundation
import Synchronization

/// The connection of a process with the others of its run: exchanges of tensors, and signs of life.
///
/// One thread at a time exchanges tensors: hence `@unchecked Sendable`.
final class ProcessGroup: @unchecked Sendable {
    private let launch: Launch
    private let group: ct_group
    private let heartbeat: Heartbeat
    private let spent = Mutex(Duration.zero)

    /// How long exchanges have taken so far.
    var exchangeTime: Duration { spent.withLock { $0 } }

    /// Meets the others.
    ///
    /// - Parameters:
    ///   - patience: how long to wait for them.
    ///   - timeout: how long an exchange may take, from the first process to the last.
    ///   - silence: how long another process may give no sign of life.
    /// - Throws: ``CommunicatorError``.
    init(_ launch: Launch, patience: Duration, timeout: Duration, silence: Duration) throws {
        self.launch = launch
        let deadline = ContinuousClock.now + patience
        let store = try MeetingPoint(launch, patience: patience)
        try store.meet(launch, until: deadline)
        // It locks itself, and is there until the heartbeat has stopped.
        nonisolated(unsafe) let group = try store.group(launch, timeout: timeout)
        self.group = group
        heartbeat = Heartbeat(launch, store, silence: silence) { ct_group_give_up(group) }
    }

    deinit {
        heartbeat.stop()
        ct_group_free(group)
    }

    /// What all have, one after another.
    func gathered(_ tensor: Tensor) throws -> Tensor {
        try exchange("gather") { ct_group_gather(&$0, group, tensor.raw) }
    }

    /// Of the rows of each the one of this rank, by rank.
    func exchanged(_ rows: Tensor) throws -> Tensor {
        try exchange("exchange") { ct_group_exchange(&$0, group, rows.raw) }
    }

    private func exchange(_ what: String, _ call: (inout ct_tensor) -> ct_status) throws -> Tensor {
        // A stand-in has nothing to exchange.
        try LibTorch.throwFailure()
        let start = ContinuousClock.now
        defer { spent.withLock { $0 += .now - start } }
        var result = ct_tensor(impl: nil)
        guard call(&result) == 0 else {
            let reason = lastError()
            throw CommunicatorError.lost(
                rank: launch.rank, count: launch.count, gone: heartbeat.missing(), reason: reason)
        }
        return Tensor(owning: result)
    }
}

/// A number in the store that grows while a process lives, and a watch over that of the next process: a process that is stopped, or whose
/// machine is, keeps its connections.
private final class Heartbeat: Sendable {
    private static let interval = 0.5
    private let launch: Launch
    private let store: MeetingPoint
    private let isStopped = Mutex(false)
    /// Who has not been heard of for too long.
    private let silent = Mutex<Int?>(nil)
    private let onSilence: @Sendable () -> Void
    /// How many signs the store has taken.
    private let beats = Atomic(0)

    /// - Parameters:
    ///   - silence: how long the next process may not be heard of.
    ///   - onSilence: called once it has not been, another process says so of its next, or the store is silent, on a thread of its own.
    init(
        _ launch: Launch, _ store: MeetingPoint, silence: Duration, onSilence: @escaping @Sendable () -> Void
    ) {
        self.launch = launch
        self.store = store
        self.onSilence = onSilence
        // In beats of its own, which stop where this process is stopped, too.
        let patience = Int(silence / .seconds(Self.interval))
        Thread { [self] in beat(patience) }.start()
        Thread { [self] in watchStore(patience) }.start()
    }

    /// Gives signs of life, and looks for those of the next process.
    private func beat(_ patience: Int) {
        let (next, word) = ((launch.rank + 1) % launch.count, "\(launch.name)/silent")
        var heard = (value: nil as Int?, beat: 0)
        for beat in 0... {
            if isStopped.withLock({ $0 }) { return }
            store[key(launch.rank)] = beat
            beats.store(beat, ordering: .relaxed)
            if beat.isMultiple(of: 2), silent.withLock({ $0 == nil }) {
                if let value = store[key(next)], value != heard.value { heard = (value, beat) }
                let isSilent = beat - heard.beat > patience
                if isSilent { store[word] = next }
                if let rank = store[word] ?? (isSilent ? next : nil) { giveUp(rank) }
            }
            Thread.sleep(forTimeInterval: Self.interval)
        }
    }

    /// Sees to it that the store answers, which is the first process's: one that is frozen lets others wait for ever.
    private func watchStore(_ patience: Int) {
        var heard = (value: -1, beat: 0)
        for beat in 0... {
            if isStopped.withLock({ $0 }) { return }
            let value = beats.load(ordering: .relaxed)
            if value != heard.value { heard = (value, beat) }
            if beat - heard.beat > patience { return giveUp(0) }
            Thread.sleep(forTimeInterval: Self.interval)
        }
    }

    private func giveUp(_ rank: Int) {
        silent.withLock { $0 = rank }
        // Within the lock: what it acts on is there until this is stopped.
        isStopped.withLock { if !$0 { onSilence() } }
    }

    func stop() { isStopped.withLock { $0 = true } }

    /// Those of whom nothing has been heard for a while; whoever serves the store if that has gone.
    func missing() -> [Int] {
        if let rank = silent.withLock({ $0 }) {
            // The others are to hear of it from the store, which may end with this process.
            Thread.sleep(forTimeInterval: 4 * Self.interval)
            return [rank]
        }
        func beats() -> [Int?] { (0..<launch.count).map { store[key($0)] } }
        let before = beats()
        Thread.sleep(forTimeInterval: 4 * Self.interval)
        let gone = zip(before, beats()).enumerated().filter { $0.element.0 == $0.element.1 }.map(\.offset)
        return gone.count == launch.count ? [0] : gone
    }

    private func key(_ rank: Int) -> String { "\(launch.name)/alive/\(rank)" }
}

/// The store in which processes leave numbers for one another.
///
/// It locks itself: hence `@unchecked Sendable`.
private final class MeetingPoint: @unchecked Sendable {
    private let raw: ct_store

    /// Opens it, and makes it in the first process, unless the launcher has.
    init(_ launch: Launch, patience: Duration) throws {
        var raw = ct_store(impl: nil)
        let serves = launch.rank == 0 && !launch.isStoreServed
        guard ct_store_open(&raw, launch.host, Int32(launch.port), serves, patience.milliseconds) == 0
        else { throw CommunicatorError(unreachableFrom: launch) }
        self.raw = raw
    }

    deinit { ct_store_free(raw) }

    /// The number under a name; nil where there is none, and where the store has gone.
    subscript(key: String) -> Int? {
        get {
            var value = -1 as Int64
            return ct_store_get(&value, raw, key) == 0 && value >= 0 ? Int(value) : nil
        }
        set { ct_store_set(raw, key, Int64(newValue ?? 0)) }
    }

    /// Waits until all have come.
    func meet(_ launch: Launch, until deadline: ContinuousClock.Instant) throws {
        func key(_ rank: Int) -> String { "\(launch.name)/here/\(rank)" }
        self[key(launch.rank)] = launch.count
        var missing = Array(0..<launch.count)
        while true {
            missing = try missing.filter { rank in
                guard let count = self[key(rank)] else { return true }
                guard count == launch.count else {
                    throw CommunicatorError.otherCount(
                        rank: launch.rank, own: launch.count, other: rank, count: count)
                }
                return false
            }
            if missing.isEmpty { return }
            guard ContinuousClock.now < deadline else {
                throw CommunicatorError.missing(rank: launch.rank, count: launch.count, ranks: missing)
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
    }

    /// Joins the others' group.
    func group(_ launch: Launch, timeout: Duration) throws -> ct_group {
        var group = ct_group(impl: nil)
        guard
            ct_group_join(
                &group, raw, launch.name, Int32(launch.rank), Int32(launch.count), timeout.milliseconds) == 0
        else { throw CommunicatorError(unreachableFrom: launch) }
        return group
    }
}

extension CommunicatorError {
    fileprivate init(unreachableFrom launch: Launch) {
        self = .unreachable(
            rank: launch.rank, address: "\(launch.host):\(launch.port)", reason: lastError())
    }
}

/// libtorch's words for what the calling thread could not do, without places in its code.
private func lastError() -> String {
    let line = String(cString: ct_last_error()).prefix { $0 != "\n" }
    return String(line.trimmingPrefix(#/\[[^\]]*\] /#))
}

extension Duration {
    fileprivate var milliseconds: Int64 { Int64(self / .milliseconds(1)) }
}
