// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// The type of a tensor's elements; raw values are libtorch's `ScalarType`.
public enum DType: Int32, Sendable, CaseIterable, CustomStringConvertible {
    case uint8 = 0
    case int8 = 1
    case int16 = 2
    case int32 = 3
    case int64 = 4
    case float16 = 5
    case float32 = 6
    case float64 = 7
    case bool = 11
    case bfloat16 = 15

    /// Bytes of one element.
    public var size: Int {
        switch self {
        case .uint8, .int8, .bool: 1
        case .int16, .float16, .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }

    /// Whether elements are floating-point numbers, the only ones that carry gradients.
    public var isFloatingPoint: Bool {
        switch self {
        case .float16, .bfloat16, .float32, .float64: true
        default: false
        }
    }

    /// The type for what must not lose more precision than float32 does: float32 for narrower ones, else itself.
    public var precise: DType { isFloatingPoint && size < DType.float32.size ? .float32 : self }

    /// PyTorch's name, such as `float32`.
    public var description: String {
        switch self {
        case .uint8: "uint8"
        case .int8: "int8"
        case .int16: "int16"
        case .int32: "int32"
        case .int64: "int64"
        case .float16: "float16"
        case .float32: "float32"
        case .float64: "float64"
        case .bool: "bool"
        case .bfloat16: "bfloat16"
        }
    }
}

/// A Swift type whose values are a tensor's elements as they lie in memory.
public protocol TensorScalar: BitwiseCopyable, Sendable {
    /// The element type of a tensor of such values.
    static var dtype: DType { get }
}

extension Float: TensorScalar {
    /// `float32`
    public static var dtype: DType { .float32 }
}
extension Double: TensorScalar {
    /// `float64`
    public static var dtype: DType { .float64 }
}
extension UInt8: TensorScalar {
    /// `uint8`
    public static var dtype: DType { .uint8 }
}
extension Int8: TensorScalar {
    /// `int8`
    public static var dtype: DType { .int8 }
}
extension Int16: TensorScalar {
    /// `int16`
    public static var dtype: DType { .int16 }
}
extension Int32: TensorScalar {
    /// `int32`
    public static var dtype: DType { .int32 }
}
extension Int64: TensorScalar {
    /// `int64`
    public static var dtype: DType { .int64 }
}
extension Int: TensorScalar {
    /// `int64`
    public static var dtype: DType { .int64 }
}
extension Bool: TensorScalar {
    /// `bool`
    public static var dtype: DType { .bool }
}
