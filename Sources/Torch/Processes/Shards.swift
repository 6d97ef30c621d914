// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// Which of some processes keeps which of a list of tensors: whole ones, dealt out so that each process has about as many numbers.
///
/// What a process alone works on, such as the optimizer's moments (ZeRO stage 1, Rajbhandari et al., arXiv 1910.02054), needs to be in no
/// other's memory.
public struct Shards: Sendable {
    /// The process of each tensor.
    public let owners: [Int]
    private let processes: Int
    private let sizes: [Int]

    /// Deals out tensors, the largest first, each to the process that has the fewest numbers so far.
    ///
    /// - Parameters:
    ///   - sizes: how many numbers each tensor has.
    ///   - processes: at least 1.
    public init(of sizes: [Int], over processes: Int) {
        var owners = [Int](repeating: 0, count: sizes.count)
        var loads = [Int](repeating: 0, count: processes)
        for index in Self.fromLargest(Array(sizes.indices), of: sizes) {
            let least = loads.indices.min { loads[$0] < loads[$1] } ?? 0
            owners[index] = least
            loads[least] += sizes[index]
        }
        self.init(owners: owners, processes: processes, sizes: sizes)
    }

    private init(owners: [Int], processes: Int, sizes: [Int]) {
        (self.owners, self.processes, self.sizes) = (owners, processes, sizes)
    }

    /// How many numbers each process has, by rank.
    public var loads: [Int] {
        (0..<processes).map { rank in tensors(of: rank).reduce(0) { $0 + sizes[$1] } }
    }

    /// The tensors that a process keeps, by number.
    public func tensors(of rank: Int) -> [Int] { owners.indices.filter { owners[$0] == rank } }

    /// The same of some of the tensors, which are numbered anew.
    public func selecting(_ indices: [Int]) -> Shards {
        Shards(owners: indices.map { owners[$0] }, processes: processes, sizes: indices.map { sizes[$0] })
    }

    /// Tensors that go together, those of each process as a row, and the length of the longest row: the largest first, so that rows are of
    /// about one length, and no more than about 16 MB of float32.
    fileprivate var buckets: [(rows: [[Int]], length: Int)] {
        var queues = (0..<processes).map { Self.fromLargest(tensors(of: $0), of: sizes)[...] }
        var buckets: [(rows: [[Int]], length: Int)] = []
        while let largest = queues.compactMap({ $0.first.map { sizes[$0] } }).max() {
            let room = max((1 << 22) / processes, largest)
            var rows: [[Int]] = []
            for rank in queues.indices {
                var left = room
                let row = queues[rank].prefix {
                    left -= sizes[$0]
                    return left >= 0
                }
                queues[rank] = queues[rank].dropFirst(row.count)
                rows.append(Array(row))
            }
            let length = rows.map { $0.reduce(0) { $0 + sizes[$1] } }.max() ?? 0
            buckets.append((rows, length))
        }
        return buckets
    }

    private static func fromLargest(_ indices: [Int], of sizes: [Int]) -> [Int] {
        indices.sorted { (sizes[$0], $1) > (sizes[$1], $0) }
    }
}

extension Communicator {
    /// Adds up tensors over the processes, in place, each in the process that keeps it; what the others have of it is left as it was.
    ///
    /// The bits are those of ``sum(_:)``, at half of what it sends.
    ///
    /// - Parameters:
    ///   - tensors: constants of one type and the same shapes in all processes.
    ///   - shards: who keeps which.
    public func sum(_ tensors: [Tensor], in shards: Shards) throws {
        guard let group else { return }
        try withoutGradients {
            for bucket in shards.buckets {
                let rows = rows(bucket.rows, length: bucket.length, of: tensors)
                let sums = sum(of: try group.exchanged(rows))
                deal(sums, to: bucket.rows[rank], of: tensors) { tensors[$0].copy(from: $1) }
            }
        }
    }

    /// Gives tensors to all processes, in place, each from the process that keeps it.
    ///
    /// - Parameters:
    ///   - tensors: constants of one type and the same shapes in all processes.
    ///   - shards: who keeps which.
    public func spread(_ tensors: [Tensor], of shards: Shards) throws {
        try pass(tensors, of: shards) { tensors[$0].copy(from: $1) }
    }

    /// Brings tensors together in the first process, each from the process that keeps it.
    ///
    /// - Parameters:
    ///   - tensors: of one type and the same shapes in all processes; only those that a process keeps are read.
    ///   - shards: who keeps which.
    /// - Returns: copies of all on the host, in their order; nothing in the other processes.
    public func collected(_ tensors: [Tensor], of shards: Shards) throws -> [Tensor] {
        var copies = isFirst ? tensors : []
        for index in isFirst ? shards.tensors(of: 0) : [] { copies[index] = tensors[index].copiedToHost() }
        try pass(tensors, of: shards) { if isFirst { copies[$0] = $1.copiedToHost() } }
        return copies
    }

    /// Calls `take` in each process with the number of each tensor that another one keeps, and with what that has of it.
    private func pass(_ tensors: [Tensor], of shards: Shards, _ take: (Int, Tensor) -> Void) throws {
        guard let group else { return }
        try withoutGradients {
            for bucket in shards.buckets {
                let own = rows([bucket.rows[rank]], length: bucket.length, of: tensors)
                let all = try group.gathered(own)
                for other in 0..<count where other != rank {
                    deal(all.selected(dim: 0, index: other), to: bucket.rows[other], of: tensors, take)
                }
            }
        }
    }

    /// Rows of tensors one after another, each filled up to a length with zeros.
    private func rows(_ rows: [[Int]], length: Int, of tensors: [Tensor]) -> Tensor {
        let result = Tensor.zeros([rows.count, length], dtype: tensors[0].dtype)
        for (number, row) in rows.enumerated() {
            deal(result.selected(dim: 0, index: number), to: row, of: tensors) { $1.copy(from: tensors[$0]) }
        }
        return result
    }

    /// Takes a row apart, and calls `take` with the number of each of its tensors, and the part that has its place.
    private func deal(
        _ row: Tensor, to indices: [Int], of tensors: [Tensor], _ take: (Int, Tensor) -> Void
    ) {
        var start = 0
        for index in indices {
            let (count, shape) = (tensors[index].count, tensors[index].shape)
            take(index, row.narrowed(dim: 0, start: start, count: count).reshaped(shape))
            start += count
        }
    }
}
