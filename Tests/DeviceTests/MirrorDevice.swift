// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import MirrorDevice
import Torch

/// The device that stands in for a GPU.
let mirror: Device = {
    mirror_device_add()
    return .other(type: Int(mirror_device_type), index: 0)
}()

/// What crosses between the host and the mirror device.
struct Traffic: Equatable, CustomStringConvertible {
    /// Copies to the host and numbers read, for each of which the host waits.
    var reads: Int
    /// Copies to the device.
    var writes: Int

    var description: String { "\(reads) reads, \(writes) writes" }

    /// That of a piece of work, and what the work comes to.
    static func of<R>(_ work: () throws -> R) rethrows -> (traffic: Traffic, result: R) {
        let before = mirror_device_traffic()
        let result = try work()
        let after = mirror_device_traffic()
        return (
            Traffic(reads: Int(after.reads - before.reads), writes: Int(after.writes - before.writes)), result
        )
    }
}
