// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// The processes that share a run: which of them this one is, and what they tell one another.
///
/// A batch is shared out by its micro-batches. Each process takes a stretch of them, and gradients are added up over all; see
/// ``sum(_:)``. All processes make the same calls in the same order, each of which waits for the others; one thread makes them.
///
/// ```swift
/// let processes = try Launch().map { try Communicator($0) } ?? .alone
/// let mine = processes.share(of: 8)
/// ```
public final class Communicator: Sendable {
    /// The number of this process, from 0. The first one writes what all have made.
    public let rank: Int
    /// The number of processes.
    public let count: Int
    let group: ProcessGroup?

    /// A process by itself.
    public static let alone = Communicator()

    private init() { (rank, count, group) = (0, 1, nil) }

    /// Meets the other processes.
    ///
    /// - Parameters:
    ///   - launch: where the launcher has put this process.
    ///   - patience: how long to wait for the others.
    ///   - timeout: how long a call may take from the first process to the last, such as while the first one writes something.
    ///   - silence: how long another process may give no sign of life before all stop; one that computes gives them all the time.
    /// - Throws: ``CommunicatorError`` if they do not come.
    public init(
        _ launch: Launch, patience: Duration = .seconds(300), timeout: Duration = .seconds(1_800),
        silence: Duration = .seconds(60)
    ) throws {
        (rank, count) = (launch.rank, launch.count)
        group =
            count > 1 ? try ProcessGroup(launch, patience: patience, timeout: timeout, silence: silence) : nil
    }

    /// How long this process has spent in exchanges so far, and so in waiting for others.
    public var exchangeTime: Duration { group?.exchangeTime ?? .zero }

    /// Whether this is the process that writes.
    public var isFirst: Bool { rank == 0 }

    /// The stretch of `number` things that is this process's: all stretches have one length, so that `count` must divide it.
    public func share(of number: Int) -> Range<Int> {
        precondition(number % count == 0, "\(count) processes cannot share \(number) things evenly")
        let length = number / count
        return rank * length..<(rank + 1) * length
    }

    /// What all processes have, one after another.
    ///
    /// - Parameter rows: `[N, ...]`, of the same type and shape in all processes.
    /// - Returns: `[count * N, ...]`, on the same device, without gradient.
    public func gathered(_ rows: Tensor) throws -> Tensor {
        guard let group else { return rows }
        return try withoutGradients {
            try group.gathered(rows.to(.cpu)).to(rows.device)
        }
    }

    /// What all processes have, one after another, where each may have another number of rows.
    ///
    /// - Parameter rows: `[N, ...]`, of the same type and shape but for N.
    /// - Returns: `[sum of N, ...]`, on the same device, without gradient.
    public func concatenated(_ rows: Tensor) throws -> Tensor {
        guard count > 1 else { return rows }
        let counts = try numbers(rows.shape[0])
        let most = counts.max() ?? 0
        let filling = [most - rows.shape[0]] + rows.shape.dropFirst()
        let all = try gathered(
            .concatenated([rows, .zeros(filling, dtype: rows.dtype, device: rows.device)]))
        return .concatenated(
            counts.enumerated().map { all.narrowed(dim: 0, start: $0 * most, count: $1) })
    }

    /// A number of each process, by rank.
    public func numbers(_ own: Int) throws -> [Int] {
        guard count > 1 else { return [own] }
        return try gathered(Tensor([Int64(own)])).array(as: Int64.self).map(Int.init)
    }

    /// Whether it is so in any process.
    public func any(_ own: Bool) throws -> Bool { try numbers(own ? 1 : 0).contains(1) }

    /// Waits for the others.
    public func wait() throws { _ = try numbers(0) }

    /// Does something in the first process, for which the others wait.
    public func first(_ body: () throws -> Void) throws {
        if isFirst { try body() }
        try wait()
    }

    /// Does something in all processes, in the first one before the others, which then find what it has written.
    public func firstBeforeOthers<Result>(_ body: () throws -> Result) throws -> Result {
        guard isFirst else {
            try wait()
            return try body()
        }
        let result = try body()
        try wait()
        return result
    }

    /// Makes sure that all processes have the same.
    ///
    /// - Parameters:
    ///   - what: what it is, such as `recipe`.
    ///   - text: what must be the same.
    /// - Throws: ``CommunicatorError/otherSettings(what:rank:ranks:)``, in every process.
    public func check(_ what: String, _ text: String) throws {
        let all = try numbers(Int(bitPattern: UInt(truncatingIfNeeded: hash(text))))
        let others = all.indices.filter { all[$0] != all[0] }
        guard others.isEmpty else {
            throw CommunicatorError.otherSettings(what: what, rank: rank, ranks: others)
        }
    }

    /// Adds up tensors over the processes, in place.
    ///
    /// Each process gets all versions of its piece of the numbers, adds them up as a balanced tree, and passes the sums on to the
    /// others. So it sends `2 (count - 1) / count` times the numbers' size, as a ring does, and the bits of the result do not depend on
    /// how many processes there are, as those of a ring do.
    ///
    /// - Parameter tensors: constants of one type and the same shapes in all processes.
    public func sum(_ tensors: [Tensor]) throws {
        guard let group else { return }
        try withoutGradients {
            for bucket in buckets(tensors) {
                let parts = bucket.map { $0.to(.cpu).flattened() }
                let sizes = parts.map { $0.shape[0] }
                let length = sizes.reduce(0, +)
                let filling = (count - length % count) % count
                let flat = Tensor.concatenated(parts + [.zeros([filling], dtype: parts[0].dtype)])
                let piece = sum(of: try group.exchanged(flat.reshaped([count, -1])))
                let whole = try group.gathered(piece).narrowed(dim: 0, start: 0, count: length)
                for (tensor, part) in zip(bucket, whole.split(sizes: sizes)) {
                    tensor.copy(from: part.reshaped(tensor.shape))
                }
            }
        }
    }

    /// The sum of all versions of a piece, which are the rows, as a balanced tree.
    func sum(of versions: Tensor) -> Tensor {
        var sum = BalancedSum<Tensor> { $0 + $1 }
        for rank in 0..<count { sum.add(versions.selected(dim: 0, index: rank)) }
        return sum.total ?? versions.selected(dim: 0, index: 0)
    }

    /// Tensors that go together: about 16 MB of float32, so that no copy of all of them is needed.
    private func buckets(_ tensors: [Tensor]) -> [[Tensor]] {
        var buckets: [[Tensor]] = []
        var room = 0
        for tensor in tensors {
            if room <= 0 {
                buckets.append([])
                room = 1 << 22
            }
            buckets[buckets.count - 1].append(tensor)
            room -= tensor.count
        }
        return buckets
    }
}
