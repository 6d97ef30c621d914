// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// Why processes cannot work together, or no longer.
public enum CommunicatorError: LocalizedError, Equatable, CustomStringConvertible {
    /// Nobody is where the processes should meet, or nobody can be there.
    case unreachable(rank: Int, address: String, reason: String)
    /// Some have not come in time.
    case missing(rank: Int, count: Int, ranks: [Int])
    /// One was started as one of another number of processes.
    case otherCount(rank: Int, own: Int, other: Int, count: Int)
    /// Some were started with other settings than the first.
    case otherSettings(what: String, rank: Int, ranks: [Int])
    /// Some have ended, or are not heard of any more.
    case lost(rank: Int, count: Int, gone: [Int], reason: String)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .unreachable(let rank, let address, let reason):
            "Process \(rank) cannot meet the others at \(address): \(reason); check MASTER_ADDR, MASTER_PORT, the network between the "
                + "machines and GLOO_SOCKET_IFNAME, and that no other program has the port."
        case .missing(let rank, let count, let ranks):
            "Process \(rank) of \(count) waited in vain for \(list(ranks)): see why it did not start, and start all again."
        case .otherCount(let rank, let own, let other, let count):
            "Process \(rank) was started as one of \(own), and process \(other) as one of \(count): start all with one command."
        case .otherSettings(let what, let rank, let ranks):
            "Process \(rank) stops: \(list(ranks)) has another \(what) than process 0; start all with the same command and the same "
                + "files."
        case .lost(let rank, let count, let gone, let reason):
            gone.isEmpty
                ? "Process \(rank) of \(count) got no answer from the others: \(reason)."
                : "Process \(rank) of \(count) stops, since \(list(gone)) has ended or does not answer: see its messages, and give "
                    + "the same command again to go on from the last checkpoint."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }

    private func list(_ ranks: [Int]) -> String {
        "process \(ranks.map { "\($0)" }.joined(separator: ", "))"
    }
}
