// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Files
public import Foundation
public import OrderedCollections
import SwiftProtobuf
public import Torch
import Weights

/// A function of tensors as a model of ONNX, for ONNX Runtime, OpenVINO, TensorRT and whatever else reads it.
///
/// The function is run and recorded operator by operator, so that there is no second description of a network: first with all free
/// sizes at one value, then with each at another, which shows how shapes follow from them. What does not depend on the inputs, such
/// as the embedding of a noise level, is computed once and stored.
public struct ONNXModel {
    private let graph: ONNXGraphProto
    /// Weights, and other large constants.
    private let weights: OrderedDictionary<String, Tensor>
    private let metadata: [String: String]

    /// Operators are those of this version of ONNX's set, of 2022.
    private static let operatorSet = 17
    private static let formatVersion = 8

    /// Records a function.
    ///
    /// - Parameters:
    ///   - name: that of the graph.
    ///   - inputs: the function's inputs.
    ///   - outputs: the names of its outputs.
    ///   - weights: what is to be stored by names, such as a network's `state`.
    ///   - weightType: what weights are stored as: float32, or float16 for a file half as large. It computes in float32.
    ///   - metadata: texts to keep in the model.
    ///   - sizes: two values of each free size, by its name, that the function takes; larger than 1.
    ///   - function: gives as many tensors as there are outputs.
    /// - Throws: ``ONNXError`` if the function does what has no counterpart.
    public init(
        name: String, inputs: [ONNXInput], outputs: [String],
        weights: OrderedDictionary<String, Tensor> = [:],
        weightType: DType = .float32, metadata: [String: String] = [:],
        sizes: (_ name: String) -> (Int, Int) = { _ in (2, 3) }, of function: ([Tensor]) -> [Tensor]
    ) throws(ONNXError) {
        let trials = SizeTrials(inputs, usual: sizes)
        var recordings: [(recording: Recording, inputs: [Tensor], results: [Tensor])] = []
        for trial in trials.trials.indices {
            let examples = inputs.map { $0.example(trials.shape(of: $0, in: trial)) }
            let (recording, results) = withoutGradients { Recording.of { function(examples) } }
            recordings.append((recording, examples, results))
        }
        let first = recordings[0]
        var graph = ONNXGraph(
            zip(inputs, first.inputs).map { ($0, $1) }, trials: trials, weights: weights, as: weightType)
        guard recordings.allSatisfy({ $0.recording.steps.count == first.recording.steps.count }) else {
            throw .dependsOnSize
        }
        for index in first.recording.steps.indices {
            try graph.translate(try ONNXCall(recordings.map { $0.recording.steps[index] }))
        }
        guard !first.recording.read.contains(where: { graph.isComputed([$0]) }) else {
            throw .dependsOnValues
        }
        for (index, name) in outputs.enumerated() {
            let operand = recordings.map { $0.results[index] }
            let whole = try graph.whole(operand)
            let isOwn = graph.isComputed(operand) && !inputs.contains { $0.name == whole }
            graph.rename(isOwn ? whole : graph.add("Identity", whole), to: name)
        }
        var proto = ONNXGraphProto()
        proto.name = name
        proto.node = graph.nodes
        proto.initializer = graph.small.map { name, tensor in .init(name, tensor) }
        proto.input = zip(inputs, first.inputs).map { .init($0.name, $1.dtype, $0.shape) }
        for (index, name) in outputs.enumerated() {
            let results = recordings.map { $0.results[index] }
            var shape: [ONNXInput.Size] = []
            for dimension in results[0].shape.indices {
                let size = try graph.size(results.map { $0.shape[dimension] })
                // A size that is a product of others has no name of its own in what was asked for.
                shape.append(
                    size.isFixed
                        ? .fixed(size.numerator)
                        : size.numerator == 1 && size.denominator == 1
                            ? .free(size.names.joined(separator: "*")) : .free("\(name).\(dimension)"))
            }
            proto.output.append(.init(name, results[0].dtype, shape))
        }
        self.graph = proto
        self.weights = graph.large
        self.metadata = metadata
    }

    /// Writes the model and, beside it, its weights as a safetensors file of the same name, each whole or not at all. The two
    /// belong together: the model says by name and place where a weight lies in the other file.
    ///
    /// - Parameter url: the name of the model, `model.onnx`.
    /// - Throws: `FileError`.
    public func write(to url: URL) throws {
        var model = ONNXModelProto()
        model.irVersion = Int64(Self.formatVersion)
        model.producerName = "swift-dmd"
        var operators = ONNXOperatorSetIdProto()
        operators.version = Int64(Self.operatorSet)
        operators.domain = ""
        model.opsetImport = [operators]
        model.metadataProps = metadata.sorted { $0.key < $1.key }.map { .init($0, $1) }
        model.graph = graph
        let file = url.deletingPathExtension().appendingPathExtension("safetensors")
        if !weights.isEmpty {
            try SafetensorsFile.write(weights, to: file)
            let stored = try SafetensorsFile(file)
            for name in weights.keys {
                let place = try stored.bytes(of: name)
                var tensor = ONNXTensorProto()
                tensor.name = name
                tensor.dims = try stored.shape(of: name).map(Int64.init)
                tensor.dataType = Int32(try stored.dtype(of: name).onnx)
                tensor.dataLocation = .external
                tensor.externalData = [
                    .init("location", file.lastPathComponent), .init("offset", "\(place.lowerBound)"),
                    .init("length", "\(place.count)"),
                ]
                model.graph.initializer.append(tensor)
            }
        }
        let bytes: Data = try model.serializedBytes()
        try writeAtomically(to: url) { write in try bytes.withUnsafeBytes(write) }
    }
}

/// Why a function does not become a model of ONNX.
public enum ONNXError: LocalizedError, Equatable, CustomStringConvertible {
    /// It calls an operator that has no translation.
    case unsupported(name: String)
    /// It computes something else when a free size changes, in another way than shapes of products of sizes.
    case dependsOnSize
    /// It reads numbers that depend on its inputs, so that what it computes may depend on them.
    case dependsOnValues
    /// A file is no model that can be run here.
    case unreadable(file: String, reason: String)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .unsupported(let name):
            "The network calls \(name), which has no translation to ONNX: write it with other operators."
        case .dependsOnSize:
            "The network computes something else for another size of its inputs, which ONNX cannot say: fix that size."
        case .dependsOnValues:
            "The network reads numbers that depend on its inputs, which ONNX cannot say: write it with operators alone."
        case .unreadable(let file, let reason):
            "\(file) cannot be run: \(reason); export the generator again."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}

extension ONNXStringStringEntryProto {
    init(_ key: String, _ value: String) {
        self.init()
        self.key = key
        self.value = value
    }
}

extension ONNXTensorProto {
    /// A tensor with its elements.
    fileprivate init(_ name: String, _ tensor: Tensor) {
        self.init()
        self.name = name
        dims = tensor.shape.map(Int64.init)
        dataType = Int32(tensor.dtype.onnx)
        rawData = tensor.withUnsafeBytes { Data($0) }
    }
}

extension ONNXValueInfoProto {
    fileprivate init(_ name: String, _ dtype: DType, _ shape: [ONNXInput.Size]) {
        self.init()
        self.name = name
        type.tensorType.elemType = Int32(dtype.onnx)
        type.tensorType.shape.dim = shape.map { size in
            var dimension = ONNXTensorShapeProto.Dimension()
            switch size {
            case .fixed(let value): dimension.dimValue = Int64(value)
            case .free(let name): dimension.dimParam = name
            }
            return dimension
        }
    }
}
