// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch

extension Tensor {
    /// A copy of host bytes in row-major order.
    public init(bytes: UnsafeRawBufferPointer, shape: [Int], dtype: DType, device: Device = .cpu) {
        var result = ct_tensor(impl: nil)
        let dims = shape.map(Int64.init)
        check(
            ct_tensor_copy_bytes(
                &result, bytes.baseAddress, Int64(bytes.count), dims, Int64(dims.count), dtype.rawValue),
            "a \(dtype) tensor of shape \(shape)")
        self = Tensor(owning: result).to(device)
    }

    /// A tensor of the given values in row-major order.
    public init<T: TensorScalar>(_ values: [T], shape: [Int], device: Device = .cpu) {
        self = values.withUnsafeBytes { Tensor(bytes: $0, shape: shape, dtype: T.dtype, device: device) }
    }

    /// A vector of the given values.
    public init<T: TensorScalar>(_ values: [T], device: Device = .cpu) {
        self.init(values, shape: [values.count], device: device)
    }

    /// A tensor without dimensions that holds one number.
    public init(_ scalar: Double, dtype: DType = .float32, device: Device = .cpu) {
        self = .full([], value: scalar, dtype: dtype, device: device)
    }

    private static let _full = Operator("aten::full")
    private static let _empty = Operator("aten::empty.memory_format")
    private static let _zerosLike = Operator("aten::zeros_like")
    private static let _arange = Operator("aten::arange")
    private static let _eye = Operator("aten::eye")

    /// A tensor whose elements are all `value`.
    public static func full(
        _ shape: [Int], value: Double, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        _full(.ints(shape), .double(value), .dtype(dtype), .none, .device(device))
    }

    /// A tensor of zeros.
    public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full(shape, value: 0, dtype: dtype, device: device)
    }

    /// A tensor of ones.
    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full(shape, value: 1, dtype: dtype, device: device)
    }

    /// A tensor whose elements are not set.
    ///
    /// - Parameters:
    ///   - shape: that of the tensor.
    ///   - isChannelsLast: whether the memory of `[N, C, H, W]` is laid out as by ``channelsLast()``.
    ///   - dtype: the type of an element.
    ///   - device: where the tensor is.
    public static func empty(
        _ shape: [Int], isChannelsLast: Bool = false, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        _empty(
            .ints(shape), .dtype(dtype), .none, .device(device), .none,
            isChannelsLast ? .channelsLast : .none)
    }

    /// Zeros of the same shape, type, device and memory format.
    public static func zerosLike(_ other: Tensor) -> Tensor { _zerosLike(.tensor(other)) }

    /// The vector `0, 1, ..., count - 1`.
    public static func arange(_ count: Int, dtype: DType = .int64, device: Device = .cpu) -> Tensor {
        _arange(.int(count), .dtype(dtype), .none, .device(device))
    }

    /// The identity matrix.
    public static func identity(_ size: Int, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        _eye(.int(size), .dtype(dtype), .none, .device(device))
    }

    // MARK: Copies

    private static let _to = Operator("aten::to.dtype")
    private static let _toDevice = Operator("aten::to.dtype_layout")
    private static let _contiguous = Operator("aten::contiguous")
    private static let _clone = Operator("aten::clone")
    private static let _detach = Operator("aten::detach")
    private static let _copy = Operator("aten::copy_")

    /// The same values as `dtype`; itself if it already is of that type.
    public func to(_ dtype: DType) -> Tensor {
        dtype == self.dtype ? self : Self._to(.tensor(self), .dtype(dtype))
    }

    /// The same values on `device`; itself if it is there already.
    public func to(_ device: Device) -> Tensor {
        guard device != self.device else { return self }
        // A copy to the host must have arrived before its bytes are read.
        let nonBlocking = Operator.Argument.bool(device != .cpu)
        return Self._toDevice(.tensor(self), .none, .none, .device(device), .none, nonBlocking)
    }

    /// The same values in row-major order; itself if they already are.
    public func contiguous() -> Tensor { Self._contiguous(.tensor(self)) }

    /// The same `[N, C, H, W]` values with the channels of a pixel side by side in memory, as convolutions like it.
    public func channelsLast() -> Tensor { Self._contiguous(.tensor(self), .channelsLast) }

    /// A copy with its own memory; gradient flows through it.
    public func cloned() -> Tensor { Self._clone(.tensor(self)) }

    /// A copy in row-major order on the CPU with its own memory, outside of the autograd graph; waits for the device.
    public func copiedToHost() -> Tensor {
        let elements = detached()
        // Memory format 0 is row-major.
        return device == .cpu ? Self._clone(.tensor(elements), 0) : elements.to(Device.cpu).contiguous()
    }

    /// The same elements outside of the autograd graph.
    public func detached() -> Tensor { Self._detach(.tensor(self)) }

    /// Overwrites the elements with as many of type `dtype` that are given in row-major order.
    package func copy(from bytes: UnsafeRawBufferPointer, dtype: DType) {
        check(
            ct_tensor_overwrite(raw, bytes.baseAddress, Int64(bytes.count), dtype.rawValue),
            "overwriting \(summary) with \(dtype)")
    }

    /// Overwrites the elements with those of `other`, which may have another type or device.
    public func copy(from other: Tensor) { _ = Self._copy(.tensor(self), .tensor(other)) }

    /// Makes this tensor refer to the elements of `other`, whatever their type, device or memory format.
    public func replaceData(with other: Tensor) {
        check(ct_tensor_set_data(raw, other.raw), "replacing \(summary) with \(other.summary)")
    }
}
