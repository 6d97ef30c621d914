// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch
public import Foundation

/// Where a tensor lives.
public enum Device: Sendable, Hashable, CustomStringConvertible {
    case cpu
    case cuda(Int)
    case mps
    /// A device of another kind, with its number in libtorch's `DeviceType`, such as that of an extension of libtorch.
    case other(type: Int, index: Int)

    /// Reads `cpu`, `cuda`, `cuda:1` or `mps` and checks that libtorch can use it here.
    ///
    /// - Throws: ``DeviceError`` for another name or a device that is not there.
    public init(parsing name: String) throws {
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts.first, parts.count) {
        case ("cpu", 1): self = .cpu
        case ("mps", 1): self = .mps
        case ("cuda", 1): self = .cuda(0)
        case ("cuda", 2):
            guard let index = Int(parts[1]), (0..<128).contains(index) else {
                throw DeviceError.unknown(name)
            }
            self = .cuda(index)
        default: throw DeviceError.unknown(name)
        }
        guard isAvailable else { throw DeviceError.unavailable(name) }
    }

    /// Whether this libtorch can put a tensor there.
    public var isAvailable: Bool { ct_device_available(type, index) }

    /// The number of CUDA devices.
    public static var cudaCount: Int { (0..<128).first { !Device.cuda($0).isAvailable } ?? 128 }

    /// How many parts of a batch are worth computing at once: one a thread on the CPU, and one on devices that share out
    /// each operation by themselves.
    public var threads: Int { self == .cpu ? LibTorch.threads : 1 }

    /// The name that ``init(parsing:)`` reads.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        case .mps: "mps"
        case .other(let type, let index): "device type \(type):\(index)"
        }
    }

    /// libtorch's `DeviceType`.
    var type: Int32 {
        switch self {
        case .cpu: 0
        case .cuda: 1
        case .mps: 13
        case .other(let type, _): Int32(type)
        }
    }

    var index: Int32 {
        switch self {
        case .cuda(let index), .other(_, let index): Int32(index)
        case .cpu, .mps: -1
        }
    }

    init(type: Int32, index: Int32) {
        switch type {
        case 0: self = .cpu
        case 1: self = .cuda(Int(index))
        case 13: self = .mps
        default: self = .other(type: Int(type), index: Int(index))
        }
    }
}

/// A device that cannot be used.
public enum DeviceError: LocalizedError, Equatable, CustomStringConvertible {
    case unknown(String)
    case unavailable(String)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .unknown(let name): "'\(name)' is not a device: use cpu, cuda, cuda:INDEX or mps."
        case .unavailable(let name):
            "The device '\(name)' cannot be used with this libtorch on this machine: use cpu, "
                + "or run scripts/setup with a libtorch that supports it."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
