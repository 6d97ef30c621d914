// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// Where a launcher has put this process among those of a run.
///
/// Read from the variables that torchrun, `srun` and Open MPI's `mpirun` set, in this order; `RANK`, `WORLD_SIZE`, `MASTER_ADDR` and
/// `MASTER_PORT` may also be set by hand. A job script's own shell is not one of Slurm's processes.
public struct Launch: Sendable, Equatable {
    /// What it was started by, such as `torchrun`.
    public let launcher: String
    /// The number of this process, from 0.
    public let rank: Int
    /// The number of processes, at least 1.
    public let count: Int
    /// The number of this process among those of its machine.
    public let localRank: Int
    /// The number of processes on this machine.
    public let localCount: Int
    /// The machine where the processes meet.
    public let host: String
    /// The port there.
    public let port: Int
    /// Whether the launcher has made the store there, so that no process does.
    let isStoreServed: Bool
    /// A name for this attempt of this run.
    let name: String

    /// Reads variables.
    ///
    /// - Returns: nil where no launcher has set any.
    /// - Throws: ``LaunchError`` where they do not belong together.
    public init?(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        let variables = Variables(environment)
        if variables.has("RANK") || variables.has("WORLD_SIZE") {
            try self.init(
                environment["TORCHELASTIC_RUN_ID"] == nil ? "RANK and WORLD_SIZE" : "torchrun", variables,
                rank: "RANK", count: "WORLD_SIZE", localRank: "LOCAL_RANK", localCount: "LOCAL_WORLD_SIZE",
                address: (variables.text("MASTER_ADDR"), variables.port("MASTER_PORT")),
                attempt: ["TORCHELASTIC_RUN_ID", "TORCHELASTIC_RESTART_COUNT"])
        } else if variables.has("SLURM_STEP_NUM_TASKS") {
            try self.init(
                "srun", variables, rank: "SLURM_PROCID", count: "SLURM_STEP_NUM_TASKS",
                localRank: "SLURM_LOCALID", localCount: "SLURM_STEP_TASKS_PER_NODE",
                address: (variables.firstNode(), variables.slurmPort()),
                attempt: ["SLURM_JOB_ID", "SLURM_STEP_ID", "SLURM_RESTART_COUNT"])
        } else if variables.has("OMPI_COMM_WORLD_SIZE") {
            try self.init(
                "mpirun", variables, rank: "OMPI_COMM_WORLD_RANK", count: "OMPI_COMM_WORLD_SIZE",
                localRank: "OMPI_COMM_WORLD_LOCAL_RANK", localCount: "OMPI_COMM_WORLD_LOCAL_SIZE",
                address: (variables.text("MASTER_ADDR"), variables.port("MASTER_PORT")),
                attempt: ["PMIX_NAMESPACE"])
        } else {
            return nil
        }
    }

    private init(
        _ launcher: String, _ variables: Variables, rank: String, count: String, localRank: String,
        localCount: String, address: @autoclosure () throws -> (String, Int), attempt: [String]
    ) throws {
        self.launcher = launcher
        self.count = try variables.number(count, in: 1...1_000_000)
        self.rank = try variables.number(rank, in: 0...self.count - 1)
        self.localRank =
            variables.has(localRank)
            ? try variables.number(localRank, in: 0...self.count - 1) : self.rank
        // Slurm writes `4(x2)` for two nodes of four.
        self.localCount = variables.leadingNumber(localCount) ?? self.count
        // One process meets nobody.
        (host, port) = self.count > 1 ? try address() : ("", 0)
        isStoreServed = variables.values["TORCHELASTIC_USE_AGENT_STORE"] == "True"
        name = (["dmd"] + attempt.map { variables.values[$0] ?? "0" }).joined(separator: "/")
    }
}

/// What launchers have set.
private struct Variables {
    let values: [String: String]

    init(_ values: [String: String]) { self.values = values }

    func has(_ name: String) -> Bool { values[name] != nil }

    func text(_ name: String) throws -> String {
        guard let value = values[name], !value.isEmpty else { throw LaunchError.missing(name) }
        return value
    }

    func number(_ name: String, in range: ClosedRange<Int>) throws -> Int {
        let text = try text(name)
        guard let number = Int(text), range.contains(number) else {
            throw LaunchError.invalid(name, text, range)
        }
        return number
    }

    func leadingNumber(_ name: String) -> Int? {
        values[name].flatMap { Int($0.prefix { $0.isNumber }) }.flatMap { $0 > 0 ? $0 : nil }
    }

    func port(_ name: String) throws -> Int { try number(name, in: 1...65_535) }

    /// The first of Slurm's nodes, whose list looks like `gpu[03-05,9],big1`.
    func firstNode() throws -> String {
        if let host = values["MASTER_ADDR"] { return host }
        let list = try text(has("SLURM_STEP_NODELIST") ? "SLURM_STEP_NODELIST" : "SLURM_JOB_NODELIST")
        let head = list.prefix { $0 != "[" && $0 != "," }
        guard list.dropFirst(head.count).first == "[" else { return String(head) }
        let inner = list.dropFirst(head.count + 1)
        let tail = inner.drop { $0 != "]" }.dropFirst().prefix { $0 != "," }
        return "\(head)\(inner.prefix { $0 != "-" && $0 != "," && $0 != "]" })\(tail)"
    }

    /// One that two jobs on a node hardly share.
    func slurmPort() throws -> Int {
        if has("MASTER_PORT") { return try port("MASTER_PORT") }
        return try 15_000 + number("SLURM_JOB_ID", in: 0...Int.max) % 10_000
    }
}

/// Variables of a launcher that do not belong together.
public enum LaunchError: LocalizedError, Equatable, CustomStringConvertible {
    /// One is not set.
    case missing(String)
    /// One is no number of those that it may be.
    case invalid(String, String, ClosedRange<Int>)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .missing(let name):
            "A launcher has set some of its variables and not \(name): start the processes with torchrun or srun, or set RANK, "
                + "WORLD_SIZE, MASTER_ADDR and MASTER_PORT for each of them, or none of these."
        case .invalid(let name, let value, let range):
            "The launcher's variable \(name) is '\(value)' instead of a whole number from \(range.lowerBound) to "
                + "\(range.upperBound)."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
