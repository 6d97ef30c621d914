// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Archives
import Foundation
import Torch

/// Recognises the tensors in a pickle and finds their elements.
struct TorchTensors {
    let file: String
    let storages: any TorchStorages

    /// The tensor, parameter or array of NumPy that a value stands for; nil if it is something else.
    func tensor(_ value: PickleValue) throws(ConversionError) -> StoredTensor? {
        guard let object = value.object else { return nil }
        switch object.global {
        case TorchGlobals.rebuildTensor, TorchGlobals.rebuildTensorV2: return try tensor(object.arguments)
        case TorchGlobals.rebuildTensorV3:
            guard object.arguments.count >= 7, case .opaque(let type) = object.arguments[6] else {
                throw damaged("it has a tensor that is not described as PyTorch does")
            }
            throw .unread("it has a tensor of the type \(type)", file: file)
        case TorchGlobals.rebuildParameter:
            if case .opaque(let name)? = object.arguments.first {
                throw .unread("a parameter is of \(name)", file: file)
            }
            // The argument is a tensor; a parameter of a parameter would be followed without end.
            guard let inner = object.arguments.first?.object, inner.global != TorchGlobals.rebuildParameter
            else {
                throw damaged("it has a parameter that holds no tensor")
            }
            return try tensor(.object(inner))
        default: return try array(value)
        }
    }

    /// Whether a value stands for a tensor, parameter or array, whole or not.
    static func isTensor(_ value: PickleValue) -> Bool {
        guard let global = value.object?.global else { return false }
        return [
            TorchGlobals.rebuildTensor, TorchGlobals.rebuildTensorV2, TorchGlobals.rebuildTensorV3,
            TorchGlobals.rebuildParameter,
        ].contains(global) || NumPyArray.isArray(value)
    }

    /// `(storage, offset, shape, strides, ...)`
    private func tensor(_ parts: PickleItems) throws(ConversionError) -> StoredTensor {
        guard parts.count >= 4, let offset = parts[1].int, let shape = ints(parts[2]),
            let strides = ints(parts[3])
        else {
            throw damaged("it has a tensor that is not described as PyTorch does")
        }
        let storage = try storage(parts[0])
        guard
            let tensor = StoredTensor(
                dtype: storage.dtype, shape: shape, strides: strides, offset: offset, bytes: storage.bytes)
        else {
            throw damaged("it has a tensor of shape \(shape) that reaches beyond its storage")
        }
        return tensor
    }

    private func storage(_ value: PickleValue) throws(ConversionError) -> TorchStorage {
        if case .persistent(let parts) = value {
            return try storages.storage(TorchStorageReference(parts, file: file))
        }
        guard let object = value.object, object.global == TorchGlobals.loadFromBytes,
            let bytes = object.arguments.first?.byteString
        else {
            throw damaged("it has a tensor without a storage")
        }
        let stream = try LegacyStream(bytes, file: file)
        guard case .persistent(let parts) = stream.value else {
            throw damaged("it has a tensor without a storage")
        }
        return try stream.storage(TorchStorageReference(parts, file: file))
    }

    private func array(_ value: PickleValue) throws(ConversionError) -> StoredTensor? {
        let array = try converting { () throws(ArchiveError) in try NumPyArray(pickled: value, named: file) }
        return try array.map { array throws(ConversionError) in try StoredTensor(array, file: file) }
    }

    private func ints(_ value: PickleValue) -> [Int]? {
        guard let items = value.items ?? value.object?.arguments.first?.items else { return nil }
        let ints = items.compactMap(\.int)
        return ints.count == items.count ? ints : nil
    }

    private func damaged(_ reason: String) -> ConversionError { .damaged(file: file, reason: reason) }
}

extension StoredTensor {
    /// The elements of an array of NumPy.
    init(_ array: NumPyArray, file: String) throws(ConversionError) {
        let types: [String: DType] = [
            "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32,
            "i8": .int64,
            "u1": .uint8, "b1": .bool,
        ]
        guard let dtype = types[String(array.type.dropFirst())], !array.type.hasPrefix(">") || dtype.size == 1
        else {
            throw .unsupported(
                file: file, reason: "it has an array of type '\(array.type)', which is not read")
        }
        guard
            let tensor = StoredTensor(
                dtype: dtype, shape: array.shape, isColumnMajor: array.isColumnMajor, bytes: array.bytes)
        else {
            throw .damaged(file: file, reason: "it has an array of the impossible shape \(array.shape)")
        }
        self = tensor
    }
}
