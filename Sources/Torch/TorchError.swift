// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch
public import Foundation

/// What libtorch could not do, where ``LibTorch/withErrors(_:)`` has kept it.
public enum TorchError: LocalizedError, Equatable, CustomStringConvertible {
    /// There was not enough memory, of the machine or of a device.
    case outOfMemory(reason: String)
    /// An operator refused its arguments, or failed otherwise.
    case failed(reason: String)

    init?(keptBy scope: ct_scope) {
        var message: UnsafePointer<CChar>?
        let status = ct_scope_failure(scope, &message)
        guard status != 0 else { return nil }
        let lines = message.map { String(cString: $0) } ?? ""
        let reason = String(lines.prefix { $0 != "\n" })
        self = status == CT_OUT_OF_MEMORY ? .outOfMemory(reason: reason) : .failed(reason: reason)
    }

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .outOfMemory(let reason):
            "Out of memory: \(reason). Use a smaller batch or `microBatch`, or set `gradientCheckpointing`."
        case .failed(let reason):
            "libtorch refused an operation: \(reason). Check that the network's inputs and outputs have the shapes it states."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
