// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
public import OrderedCollections
public import Torch

/// A file of named tensors in the safetensors format, of which nothing is executed and everything is checked.
///
/// Opening reads and checks only the header; tensors are read one by one through a memory map. The format is
/// eight bytes with the header's size, a JSON header that gives type, shape and place of every tensor, and
/// the tensors' bytes in row-major order, little-endian. Source: https://github.com/huggingface/safetensors,
/// section "Format".
public struct SafetensorsFile: Sendable {
    /// Where the file is.
    public let url: URL

    private let data: Data
    private let header: SafetensorsHeader

    /// Opens a file and checks its header against its size.
    ///
    /// - Throws: ``SafetensorsError`` if the file cannot be read or breaks the format.
    public init(_ url: URL) throws {
        self.url = url
        if isFolder(url) {
            throw SafetensorsError.notSafetensors(
                file: url.path, reason: "it is a folder: name the file of weights that lies in it")
        }
        do {
            data = try Data(contentsOf: url, options: .alwaysMapped)
        } catch {
            throw SafetensorsError.unreadable(file: url.path, reason: cause(of: error))
        }
        do {
            header = try SafetensorsHeader(data, file: url.path)
        } catch {
            guard let reason = Self.otherKind(data) else { throw error }
            throw SafetensorsError.notSafetensors(file: url.path, reason: reason)
        }
    }

    /// What else a file is and which command takes it; nil if it looks like safetensors, or like nothing that is known.
    private static func otherKind(_ data: Data) -> String? {
        guard let kind = ContentKind(data), kind != .safetensors else { return nil }
        switch kind {
        case .pickle, .zip, .numpyArray:
            return "it is \(kind.words): `dmd convert` makes safetensors of such weights"
        default:
            return kind.substitute
                ?? "it is \(kind.words): use weights in safetensors, or what `dmd convert` reads"
        }
    }

    /// The tensors' names in the order of the header.
    public var names: [String] { Array(header.entries.keys) }

    /// The texts that were stored along with the tensors.
    public var metadata: [String: String] { header.metadata }

    /// The size of each dimension of a tensor.
    ///
    /// - Throws: ``SafetensorsError/missingTensor(file:tensor:)``.
    public func shape(of name: String) throws -> [Int] { try entry(name).shape }

    /// The type of a tensor's elements.
    ///
    /// - Throws: ``SafetensorsError/missingTensor(file:tensor:)``.
    public func dtype(of name: String) throws -> DType { try entry(name).dtype }

    /// Where a tensor's elements lie in the file, in bytes from its start.
    ///
    /// - Throws: `SafetensorsError` if there is no such tensor.
    public func bytes(of name: String) throws -> Range<Int> { try entry(name).bytes }

    /// A copy of one tensor: the file may go away or be replaced afterwards.
    ///
    /// - Throws: ``SafetensorsError/missingTensor(file:tensor:)``.
    public func tensor(_ name: String, device: Device = .cpu) throws -> Tensor {
        tensor(try entry(name), device: device)
    }

    /// A copy of one entry along the first dimension of a tensor: no more of the file is read.
    ///
    /// - Throws: ``SafetensorsError/missingTensor(file:tensor:)``.
    public func row(_ index: Int, of name: String) throws -> Tensor {
        let entry = try entry(name)
        precondition(
            (0..<(entry.shape.first ?? 0)).contains(index),
            "\(name) of shape \(entry.shape) has no row \(index)")
        let size = entry.bytes.count / entry.shape[0]
        let start = entry.bytes.lowerBound + index * size
        let row = SafetensorsHeader.Entry(
            dtype: entry.dtype, shape: Array(entry.shape.dropFirst()), bytes: start..<start + size)
        return tensor(row, device: .cpu)
    }

    /// Overwrites a tensor with the values of one that has its shape; its type, device and memory format stay.
    ///
    /// - Throws: ``SafetensorsError/missingTensor(file:tensor:)``.
    public func copy(_ name: String, into tensor: Tensor) throws {
        let entry = try entry(name)
        precondition(entry.shape == tensor.shape, "\(name) has the shape \(entry.shape), not \(tensor.shape)")
        withBytes(of: entry) { bytes, stored in
            // Old files begin their tensors anywhere, which processors do not read as numbers.
            let isAligned = UInt(bitPattern: bytes.baseAddress).isMultiple(of: UInt(stored.size))
            if isAligned, stored == entry.dtype {
                tensor.copy(from: bytes, dtype: stored)
            } else {
                tensor.copy(from: self.tensor(entry, device: .cpu))
            }
        }
    }

    /// Copies of all tensors in the order of the header.
    public func all(device: Device = .cpu) -> OrderedDictionary<String, Tensor> {
        header.entries.mapValues { tensor($0, device: device) }
    }

    private func entry(_ name: String) throws -> SafetensorsHeader.Entry {
        guard let entry = header.entries[name] else {
            throw SafetensorsError.missingTensor(file: url.path, tensor: name)
        }
        return entry
    }

    private func tensor(_ entry: SafetensorsHeader.Entry, device: Device) -> Tensor {
        withBytes(of: entry) { bytes, stored in
            Tensor(bytes: bytes, shape: entry.shape, dtype: stored).to(entry.dtype).to(device)
        }
    }

    /// - Parameter body: takes the bytes and the type that they are to be read as.
    private func withBytes<R>(
        of entry: SafetensorsHeader.Entry, _ body: (UnsafeRawBufferPointer, DType) -> R
    ) -> R {
        data.withUnsafeBytes { file in
            // A boolean is 0 or 1 in memory and nothing else, but a file's bytes may be anything.
            body(
                UnsafeRawBufferPointer(rebasing: file[entry.bytes]),
                entry.dtype == .bool ? .uint8 : entry.dtype)
        }
    }
}
