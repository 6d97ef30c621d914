// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Synchronization

/// Numbers that stay as they are, and that are copied to each device once: the host waits for a copy.
public final class ConstantTable: Sendable, Equatable {
    private let values: [Float]
    private let copies = Mutex<[Device: Tensor]>([:])

    /// A table of numbers.
    public init(_ values: [Float]) { self.values = values }

    /// The number of numbers.
    public var count: Int { values.count }

    /// The numbers as a float32 vector, which nobody may change.
    public func on(_ device: Device) -> Tensor {
        copies.withLock { copies in
            if let copy = copies[device] { return copy }
            let copy = Tensor(values, device: device)
            copies[device] = copy
            return copy
        }
    }

    /// Whether both hold the same numbers.
    public static func == (a: ConstantTable, b: ConstantTable) -> Bool { a.values == b.values }
}
