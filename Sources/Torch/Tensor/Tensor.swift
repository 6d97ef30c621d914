// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import CTorch
import Foundation

/// An n-dimensional array on a device, possibly part of an autograd graph.
///
/// A `Tensor` is a reference, as in PyTorch: copies share the elements, and `+=` and its kin change them for all.
/// Operations stop the program with libtorch's message when shapes or types do not fit, since that is a mistake in
/// the calling code; whatever depends on files or user input is checked before it becomes a tensor operation.
///
/// A tensor may cross threads: its count of references is atomic, and libtorch lets any number of threads read one. As in
/// PyTorch, whoever changes elements in place sees to it that nobody else uses them meanwhile: hence `@unchecked Sendable`.
public struct Tensor: @unchecked Sendable {
    let handle: Handle

    /// Owns one reference to a libtorch tensor.
    final class Handle {
        let raw: ct_tensor
        init(_ raw: ct_tensor) { self.raw = raw }
        deinit { ct_tensor_free(raw) }
    }

    /// Takes over a reference that the C interface handed out.
    init(owning raw: ct_tensor) { handle = Handle(raw) }

    var raw: ct_tensor { handle.raw }

    // MARK: What it is

    /// The size of each dimension.
    public var shape: [Int] { (0..<ct_tensor_rank(raw)).map { Int(ct_tensor_size(raw, $0)) } }

    /// The number of dimensions.
    public var rank: Int { Int(ct_tensor_rank(raw)) }

    /// The number of elements.
    public var count: Int { Int(ct_tensor_count(raw)) }

    /// The type of the elements.
    public var dtype: DType {
        guard let dtype = DType(rawValue: ct_tensor_dtype(raw)) else {
            preconditionFailure("libtorch's element type \(ct_tensor_dtype(raw)) is not supported")
        }
        return dtype
    }

    /// Where the elements live.
    public var device: Device {
        var type: Int32 = 0
        var index: Int32 = 0
        ct_tensor_device(raw, &type, &index)
        return Device(type: type, index: index)
    }

    /// Type and shape, such as `float32 [64, 1, 28, 28]`.
    public var summary: String { "\(dtype) \(shape)" }

    /// Whether both are the same tensor, not merely equal ones.
    public func isSame(as other: Tensor) -> Bool { ct_tensor_is_same(raw, other.raw) }

    // MARK: Its elements

    /// The single element of a tensor; waits for its device.
    public func item() -> Double {
        var value = 0.0
        Recorder.current?.read(self)
        check(ct_tensor_item(&value, raw), "item of \(summary)")
        return value
    }

    /// A copy of the elements in row-major order, converted to `T`; waits for the device.
    public func array<T: TensorScalar>(as type: T.Type = T.self) -> [T] {
        to(T.dtype).withUnsafeBytes { bytes in
            Array(unsafeUninitializedCapacity: count) { buffer, initialized in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
                initialized = count
            }
        }
    }

    /// Lends the elements' bytes in row-major order; waits for the device.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        Recorder.current?.read(self)
        let host = detached().to(Device.cpu).contiguous()
        var address: UnsafeMutableRawPointer?
        check(ct_tensor_data(&address, host.raw), "the data of \(summary)")
        let count = host.count * dtype.size
        // A stand-in after a failure that is kept has no elements; nobody will use those that are read here.
        guard address != nil || count == 0 else { return try withZeros(count, body) }
        return try withExtendedLifetime(host) {
            try body(UnsafeRawBufferPointer(start: address, count: count))
        }
    }
}

extension Tensor: CustomStringConvertible {
    /// Type, shape and, of small tensors, the elements.
    public var description: String {
        count <= 16 ? "\(summary) \(array(as: Double.self))" : summary
    }
}

/// Lends a buffer of zeros, which takes no memory until it is written to.
private func withZeros<R>(_ count: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    let zeros = calloc(count, 1)
    defer { free(zeros) }
    return try body(UnsafeRawBufferPointer(start: zeros, count: zeros == nil ? 0 : count))
}
