// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import Torch
import Training

/// Where a job computes, on how many threads, and with which other processes.
public struct ComputeSettings: Sendable {
    /// Where networks and tensors are.
    let device: Device
    /// Threads on the CPU for the parts of a batch; nil for as many as there are processors, or as a run began with.
    public let threads: Int?
    /// Whether convolutions are libtorch's alone, see `LibTorch.withExactConvolutions`.
    public var isExact = false
    /// The processes that share a training; others jobs work by themselves.
    public let processes: Communicator
    /// As many threads as there are for each of this machine's processes; nil for all.
    private let fairThreads: Int?

    /// Settings in words.
    ///
    /// - Parameters:
    ///   - device: `cpu`, `cuda`, `cuda:INDEX` or `mps`.
    ///   - threads: threads on the CPU, at least 1; if not given, as many as there are processors.
    /// - Throws: `DeviceError` for a device that is not there, ``SettingError`` for an impossible number of threads.
    public init(device: String = "cpu", threads: Int? = nil) throws {
        try self.init(device: device, threads: threads, processes: .alone, fairThreads: nil)
    }

    /// Settings of a job that one process does.
    ///
    /// - Throws: ``KitError`` where a launcher has started several, beside what ``init(device:threads:)`` throws.
    public static func single(device: String = "cpu", threads: Int? = nil) throws -> ComputeSettings {
        if let launch = try Launch(), launch.count > 1 {
            throw KitError(
                "This is done by one process, and \(launch.launcher) has started \(launch.count): start it without."
            )
        }
        return try ComputeSettings(device: device, threads: threads)
    }

    /// Settings of a process that a launcher such as torchrun or `srun` may have started, which then meets the others: it takes its share
    /// of the processors, and `cuda` is the device of its number on its machine.
    ///
    /// - Throws: `LaunchError` and `CommunicatorError` beside what ``init(device:threads:)`` throws.
    public static func launched(device: String = "cpu", threads: Int? = nil) throws -> ComputeSettings {
        guard let launch = try Launch() else { return try ComputeSettings(device: device, threads: threads) }
        return try ComputeSettings(
            device: device == "cuda" ? "cuda:\(launch.localRank % max(1, Device.cudaCount))" : device,
            threads: threads, processes: Communicator(launch),
            fairThreads: max(1, ProcessInfo.processInfo.activeProcessorCount / launch.localCount))
    }

    private init(
        device: String, threads: Int?, processes: @autoclosure () throws -> Communicator, fairThreads: Int?
    )
        throws
    {
        if let threads, !(1...1_024).contains(threads) {
            throw SettingError("threads", "is \(threads)", "give 1 to 1024")
        }
        self.device = try Device(parsing: device)
        self.threads = threads
        self.fairThreads = fairThreads
        self.processes = try processes()
    }

    private init(device: Device) {
        (self.device, threads, processes, fairThreads) = (device, nil, .alone, nil)
    }

    /// Whether this process writes, and tells of, what all do.
    public var isFirst: Bool { processes.isFirst }

    /// The processor, with all its threads.
    public static var cpu: ComputeSettings { ComputeSettings(device: .cpu) }

    /// Runs `body` on as many threads, by convolutions of the kind that is asked for.
    func run<R>(_ begun: RunRecord? = nil, _ body: () throws -> R) rethrows -> R {
        try LibTorch.withThreads(threadCount(begun)) {
            isExact ? try LibTorch.withExactConvolutions(body) : try body()
        }
    }

    /// The number of this process's threads: its share of those of a run that is gone on with, if nothing is said.
    func threadCount(_ begun: RunRecord? = nil) -> Int {
        threads ?? begun.map { max(1, $0.threads / processes.count) } ?? fairThreads ?? LibTorch.threads
    }
}

extension Communicator {
    /// Makes sure that all processes run the same program with the same settings.
    func check(_ settings: some Recipe) throws {
        try check("version", DMDKit.version)
        try check("recipe", settings.yaml())
    }
}
