// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// The type in which a network computes. Its weights, their gradients, and what goes in and comes out are float32.
public enum ComputeType: String, Codable, Sendable, CaseIterable {
    /// As precise as the weights.
    case float32
    /// Eight bits of precision at the range of float32: half the memory and a multiple of the speed on GPUs that have
    /// it, and slower on most CPUs.
    case bfloat16

    /// The type of the tensors.
    public var dtype: DType {
        switch self {
        case .float32: .float32
        case .bfloat16: .bfloat16
        }
    }
}

/// A network that can compute in another type than that of its input.
///
/// Layers compute in the type of what they are given, whatever the type of their weights, so a network conforms by
/// converting its input, and its output back. What must be precise stays outside: the scalings around the network, and
/// losses.
public protocol MixedPrecision: Module {
    /// The type that it computes in, if it is narrower than the input's.
    var computeType: Setting<ComputeType> { get }
}

extension Module {
    /// Makes every part that can, compute in this type.
    ///
    /// - Returns: whether there is such a part.
    @discardableResult
    public func setComputeType(_ computeType: ComputeType) -> Bool {
        let parts = modules.compactMap { $0 as? any MixedPrecision }
        for part in parts { part.computeType.value = computeType }
        return !parts.isEmpty
    }
}
