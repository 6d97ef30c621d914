// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// Where a job computes, and on how many threads.
public struct ComputeSettings: Sendable {
    /// Where networks and tensors are.
    let device: Device
    /// Threads on the CPU for the parts of a batch; nil for as many as there are processors, or as a run began with.
    public let threads: Int?

    /// Settings in words.
    ///
    /// - Parameters:
    ///   - device: `cpu`, `cuda`, `cuda:INDEX` or `mps`.
    ///   - threads: threads on the CPU, at least 1; if not given, as many as there are processors.
    /// - Throws: `DeviceError` for a device that is not there, ``SettingError`` for an impossible number of threads.
    public init(device: String = "cpu", threads: Int? = nil) throws {
        if let threads, !(1...1_024).contains(threads) {
            throw SettingError("threads", "is \(threads)", "give 1 to 1024")
        }
        self.device = try Device(parsing: device)
        self.threads = threads
    }

    private init(device: Device) { (self.device, threads) = (device, nil) }

    /// The processor, with all its threads.
    public static var cpu: ComputeSettings { ComputeSettings(device: .cpu) }

    /// The number of threads, that of a run which is gone on with if nothing is said.
    func threadCount(_ begun: RunRecord? = nil) -> Int { threads ?? begun?.threads ?? LibTorch.threads }
}
