// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// How a batch is cut up into parts that go through the networks by themselves, of which each process takes as many.
public struct MicroBatches: Sendable, Equatable {
    /// Where in the batch each part stands; their sizes differ by one at most.
    public let ranges: [Range<Int>]
    /// The numbers of this process's parts.
    public let share: Range<Int>

    /// The number of parts.
    public var count: Int { ranges.count }

    /// Cuts a batch up.
    ///
    /// - Parameters:
    ///   - batch: the size of the batch, at least 1.
    ///   - largest: the size of the largest part; if not given, there is one part for each thread on the CPU, and one for each
    ///     process on other devices.
    ///   - smallest: the size of a smaller batch that must reach all parts, such as that of pairs.
    ///   - device: where the networks are.
    ///   - processes: those that share the batch.
    /// - Throws: `RecipeError` where they cannot share it evenly.
    public init(
        of batch: Int, largest: Int?, reaching smallest: Int? = nil, on device: Device,
        _ processes: Communicator
    ) throws {
        let room = min(batch, smallest ?? batch)
        guard processes.count <= room else {
            throw RecipeError.invalid(
                key: "batch", reason: "is \(room), which \(processes.count) processes cannot share")
        }
        func parts(_ largest: Int) -> Int { (batch + largest - 1) / largest }
        let count = largest.map(parts) ?? processes.count * min(device.threads, room / processes.count)
        guard count % processes.count == 0 else {
            let fitting = (1...batch).last { $0 <= largest ?? batch && parts($0) % processes.count == 0 }
            throw RecipeError.invalid(
                key: "microBatch",
                reason:
                    "makes \(count) parts of a batch of \(batch), which \(processes.count) processes cannot share evenly: "
                    + "set it to \(fitting ?? 1)")
        }
        ranges = Self.ranges(of: batch, count: count)
        share = processes.share(of: count)
    }

    /// The threads among which this process's parts are shared out: one a part, unless one part is the whole batch. What threads within
    /// an operator do to the last bits must not depend on how many processes there are.
    public func threads(on device: Device) -> Int {
        count > 1 ? min(device.threads, share.count) : device.threads
    }

    /// The first `count` numbers in as many stretches as there are parts.
    public func ranges(of count: Int) -> [Range<Int>] { Self.ranges(of: count, count: ranges.count) }

    private static func ranges(of count: Int, count parts: Int) -> [Range<Int>] {
        let (size, rest) = count.quotientAndRemainder(dividingBy: parts)
        return (0..<parts).map { part in
            let start = part * size + min(part, rest)
            return start..<start + size + (part < rest ? 1 : 0)
        }
    }
}
