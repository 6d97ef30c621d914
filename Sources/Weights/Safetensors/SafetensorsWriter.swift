// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
public import OrderedCollections
public import Torch

extension SafetensorsFile {
    /// Writes a file whole or not at all: readers and crashes meet the old file or the new one, never a part.
    ///
    /// Tensors are written one after the other, so memory need hold only one more than it does already, and
    /// only if that one is not in row-major order on the CPU. The header names them in the given order.
    ///
    /// - Parameters:
    ///   - tensors: the tensors by name; any name but `__metadata__`.
    ///   - metadata: texts to store along.
    ///   - url: the file, which is replaced if it exists; its folder must exist.
    /// - Throws: `FileError`.
    public static func write(
        _ tensors: OrderedDictionary<String, Tensor>, metadata: [String: String] = [:], to url: URL
    ) throws {
        precondition(tensors["__metadata__"] == nil, "a tensor cannot have the name '__metadata__'")
        let header = try header(of: tensors, metadata: metadata)
        try writeAtomically(to: url) { write in
            try header.withUnsafeBytes(write)
            for tensor in inFileOrder(tensors).values { try tensor.withUnsafeBytes(write) }
        }
    }

    /// The tensors of wider elements first, so that each begins at a multiple of its element size, as some
    /// readers ask.
    private static func inFileOrder(
        _ tensors: OrderedDictionary<String, Tensor>
    ) -> OrderedDictionary<String, Tensor> {
        let widths = Set(tensors.values.map(\.dtype.size)).sorted(by: >)
        return OrderedDictionary(
            uniqueKeysWithValues: widths.flatMap { width in
                tensors.elements.filter { $0.value.dtype.size == width }
            })
    }

    /// The size and the JSON header, padded with spaces to a multiple of eight bytes.
    private static func header(
        of tensors: OrderedDictionary<String, Tensor>, metadata: [String: String]
    ) throws -> Data {
        var begins: [String: Int] = [:]
        var end = 0
        for (name, tensor) in inFileOrder(tensors) {
            begins[name] = end
            end += tensor.count * tensor.dtype.size
        }
        var members: [String] = []
        if !metadata.isEmpty {
            let texts = try metadata.sorted { $0.key < $1.key }.map { "\(try quoted($0)):\(try quoted($1))" }
            members.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
        }
        for (name, tensor) in tensors {
            let begin = begins[name, default: 0]
            let offsets = "[\(begin),\(begin + tensor.count * tensor.dtype.size)]"
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            members.append(
                #"\#(try quoted(name)):{"dtype":"\#(tensor.dtype.safetensorsName)","#
                    + #""shape":[\#(shape)],"data_offsets":\#(offsets)}"#)
        }
        var json = Data("{\(members.joined(separator: ","))}".utf8)
        json.append(Data(repeating: UInt8(ascii: " "), count: -json.count & 7))
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json
    }

    private static func quoted(_ text: String) throws -> String {
        String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
    }
}
