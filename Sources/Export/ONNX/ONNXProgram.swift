// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
public import OrderedCollections
import SwiftProtobuf
public import Torch
import Weights

/// A model of ONNX that ``ONNXModel`` wrote, read back and run by libtorch: what tells whether a file says what it should, without
/// another engine.
///
/// It knows the operators that are written here, and no others.
public struct ONNXProgram {
    /// The texts that the model holds.
    public let metadata: [String: String]
    /// The names of the inputs and of the outputs.
    public let inputs: [String], outputs: [String]

    private let file: String
    private let nodes: [ONNXNodeProto]
    private let constants: [String: Tensor]

    /// Reads a model and the weights beside it.
    ///
    /// - Throws: ``ONNXError/unreadable(file:reason:)``, `FileError`.
    public init(_ url: URL) throws {
        file = url.relativePath
        let model: ONNXModelProto
        do {
            model = try ONNXModelProto(serializedBytes: contents(of: url))
        } catch let error as FileError {
            throw error
        } catch {
            throw ONNXError.unreadable(file: url.relativePath, reason: "it is no model of ONNX")
        }
        metadata = Dictionary(model.metadataProps.map { ($0.key, $0.value) }) { $1 }
        nodes = model.graph.node
        inputs = model.graph.input.map(\.name)
        outputs = model.graph.output.map(\.name)
        var files: [String: Data] = [:]
        var constants: [String: Tensor] = [:]
        for tensor in model.graph.initializer {
            constants[tensor.name] = try Self.constant(tensor, of: url, &files)
        }
        self.constants = constants
    }

    private static func constant(
        _ tensor: ONNXTensorProto, of model: URL, _ files: inout [String: Data]
    ) throws -> Tensor {
        func unreadable(_ reason: String) -> ONNXError {
            .unreadable(file: model.relativePath, reason: "its tensor \(tensor.name) \(reason)")
        }
        guard let dtype = DType(onnx: Int(tensor.dataType)) else {
            throw unreadable("is of the type \(tensor.dataType), which is not known")
        }
        let shape = tensor.dims.map(Int.init)
        var bytes = tensor.rawData
        if tensor.dataLocation == .external {
            let entries = Dictionary(tensor.externalData.map { ($0.key, $0.value) }) { $1 }
            guard let location = entries["location"], !location.contains("/"),
                let offset = entries["offset"].flatMap(Int.init), offset >= 0,
                let length = entries["length"].flatMap(Int.init), length >= 0
            else { throw unreadable("is in no place that can be found") }
            let file = model.deletingLastPathComponent().appending(path: location)
            let content = try files[location] ?? Data(contents(of: file))
            files[location] = content
            guard offset <= content.count, length <= content.count - offset else {
                throw unreadable("lies beyond the end of \(location)")
            }
            bytes = content.dropFirst(offset).prefix(length)
        }
        let expected = shape.reduce(dtype.size) { product, size in
            let (next, overflow) = product.multipliedReportingOverflow(by: size)
            return overflow ? -1 : next
        }
        guard shape.allSatisfy({ $0 >= 0 }), bytes.count == expected else {
            throw unreadable("has \(bytes.count) bytes, which are not those of \(shape)")
        }
        return bytes.withUnsafeBytes { Tensor(bytes: $0, shape: shape, dtype: dtype) }
    }

    /// Runs the model.
    ///
    /// - Parameter inputs: all inputs by their names.
    /// - Returns: the outputs by their names.
    /// - Throws: ``ONNXError/unreadable(file:reason:)``.
    public func callAsFunction(_ inputs: [String: Tensor]) throws -> OrderedDictionary<String, Tensor> {
        try withoutGradients {
            var values = constants.merging(inputs) { $1 }
            for node in nodes {
                let operands = try node.input.map { name -> Tensor? in
                    if name.isEmpty { return nil }
                    guard let value = values[name] else {
                        throw ONNXError.unreadable(
                            file: file, reason: "its node \(node.name) needs \(name), which nothing makes")
                    }
                    return value
                }
                let results: [Tensor]
                do {
                    results = try ONNXNode(node, operands).results()
                } catch let unknown as ONNXNode.Unknown {
                    throw ONNXError.unreadable(
                        file: file, reason: "its node \(node.name), \(node.opType), \(unknown.reason)")
                }
                for (name, result) in zip(node.output, results) { values[name] = result }
            }
            var results: OrderedDictionary<String, Tensor> = [:]
            for name in outputs { results[name] = values[name] }
            return results
        }
    }
}
