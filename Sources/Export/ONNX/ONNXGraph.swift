// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import OrderedCollections
import Torch

/// A graph of ONNX under construction, from recordings of a function with several sizes of its inputs.
///
/// Tensors come as *operands*: the tensor that stands at one place of the function in each of the recordings. One that the function
/// makes of its inputs is the output of a node; any other is the same in each call, and is stored.
struct ONNXGraph {
    /// A tensor at one place of a function, in each recording.
    typealias Operand = [Tensor]

    private(set) var nodes: [ONNXNodeProto] = []
    /// Small constants, in the graph itself.
    private(set) var small: OrderedDictionary<String, Tensor> = [:]
    /// Weights and other large constants, for a file beside it.
    private(set) var large: OrderedDictionary<String, Tensor> = [:]

    let trials: SizeTrials
    private let weightType: DType
    /// The names of weights, by their identity.
    private let weightNames: [UInt: String]
    /// The names of what is computed, by the identity of the tensors of the first recording.
    private var computed: [UInt: String] = [:]
    /// The names of what nodes made of something by itself, so that nothing is made twice.
    private var made: [String: String] = [:]
    private var counts: [String: Int] = [:]
    /// Where each free size is found: the input and its dimension.
    private let freeSizes: [String: (input: String, dimension: Int)]

    /// Constants of more elements are stored beside the graph.
    private static let largestSmall = 64

    /// - Parameters:
    ///   - inputs: the inputs, and the tensors that stood for them in the first recording.
    ///   - weights: tensors that are to be stored by these names.
    ///   - weightType: what they are stored as, float32 or narrower.
    init(
        _ inputs: [(input: ONNXInput, tensor: Tensor)], trials: SizeTrials,
        weights: OrderedDictionary<String, Tensor>, as weightType: DType
    ) {
        self.trials = trials
        self.weightType = weightType
        weightNames = Dictionary(weights.map { ($0.value.identity, $0.key) }) { first, _ in first }
        var freeSizes: [String: (String, Int)] = [:]
        for (input, tensor) in inputs {
            computed[tensor.identity] = input.name
            for (dimension, size) in input.shape.enumerated() {
                if case .free(let name) = size, freeSizes[name] == nil {
                    freeSizes[name] = (input.name, dimension)
                }
            }
        }
        self.freeSizes = freeSizes
    }

    // MARK: Nodes

    /// Adds a node.
    ///
    /// - Returns: the names of its outputs.
    @discardableResult
    mutating func add(
        _ type: String, _ inputs: [String], outputs count: Int = 1,
        _ attributes: KeyValuePairs<String, ONNXAttribute> = [:]
    ) -> [String] {
        var node = ONNXNodeProto()
        node.opType = type
        node.name = fresh(type)
        node.input = inputs
        node.output = count == 1 ? [node.name] : (0..<count).map { "\(node.name).\($0)" }
        node.attribute = attributes.map { $1.proto(named: $0) }
        nodes.append(node)
        return node.output
    }

    /// Adds a node of one output.
    mutating func add(
        _ type: String, _ inputs: String..., attributes: KeyValuePairs<String, ONNXAttribute> = [:]
    ) -> String {
        add(type, inputs, attributes)[0]
    }

    /// Says that a tensor of the function is an output of a node.
    mutating func define(_ operand: Operand, as name: String) { computed[operand[0].identity] = name }

    /// Whether the function makes it of its inputs.
    func isComputed(_ operand: Operand) -> Bool { computed[operand[0].identity] != nil }

    /// Gives an output of a node another name.
    mutating func rename(_ name: String, to other: String) {
        for index in nodes.indices {
            nodes[index].input = nodes[index].input.map { $0 == name ? other : $0 }
            nodes[index].output = nodes[index].output.map { $0 == name ? other : $0 }
        }
    }

    private mutating func fresh(_ kind: String) -> String {
        counts[kind, default: 0] += 1
        return "\(kind)_\(counts[kind, default: 0])"
    }

    // MARK: Operands

    /// The name of an operand; of a constant that is repeated along free sizes, that of what is repeated, of size 1 there.
    mutating func name(of operand: Operand) throws(ONNXError) -> String {
        if let name = computed[operand[0].identity] { return name }
        let key = "constant \(operand[0].identity)"
        if let name = made[key] { return name }
        let name = store(try unrepeated(operand), as: weightNames[operand[0].identity])
        made[key] = name
        return name
    }

    /// The name of an operand in its whole shape.
    mutating func whole(_ operand: Operand) throws(ONNXError) -> String {
        let name = try name(of: operand)
        guard !isComputed(operand), trials.names.count > 0,
            operand.contains(where: { $0.shape != operand[0].shape })
        else { return name }
        return add("Expand", name, try sizes(operand.map(\.shape)))
    }

    /// A constant as it is in each call: along a dimension of free size all its rows must be equal, and one is kept.
    private func unrepeated(_ operand: Operand) throws(ONNXError) -> Tensor {
        var kept = operand
        for dimension in 0..<operand[0].rank
        where operand.contains(where: { $0.shape[dimension] != operand[0].shape[dimension] }) {
            for (trial, tensor) in kept.enumerated() {
                let row = tensor.narrowed(dim: dimension, start: 0, count: 1)
                guard isEqual(row.expanded(to: tensor.shape), tensor) else { throw .dependsOnSize }
                kept[trial] = row
            }
        }
        guard kept.allSatisfy({ $0.shape == kept[0].shape && isEqual($0, kept[0]) }) else {
            throw .dependsOnSize
        }
        return kept[0]
    }

    private mutating func store(_ tensor: Tensor, as weight: String?) -> String {
        guard weight != nil || tensor.count > Self.largestSmall else {
            let name = fresh("constant")
            small[name] = tensor
            return name
        }
        let name = weight ?? fresh("constant")
        let isNarrowed = tensor.dtype.isFloatingPoint && tensor.dtype != weightType
        large[name] = isNarrowed ? tensor.to(weightType) : tensor
        return isNarrowed ? add("Cast", name, attributes: ["to": .int(tensor.dtype.onnx)]) : name
    }

    /// The name of a constant of the graph's own, made once.
    mutating func constant(_ tensor: Tensor) -> String {
        let key = "own \(tensor.summary) \(tensor.withUnsafeBytes { Data($0) }.base64EncodedString())"
        if let name = made[key] { return name }
        let name = fresh("constant")
        small[name] = tensor
        made[key] = name
        return name
    }

    mutating func constant(_ values: [Int]) -> String { constant(Tensor(values.map(Int64.init))) }

    /// A number without dimensions.
    mutating func scalar(_ value: Double, _ dtype: DType) -> String {
        constant(Tensor(value, dtype: dtype))
    }

    // MARK: Sizes

    /// An integer of the function, given what it is in each recording.
    ///
    /// - Throws: ``ONNXError/dependsOnSize`` if it is no product of free sizes.
    func size(_ values: [Int]) throws(ONNXError) -> SizeProduct {
        guard let product = trials.product(values) else { throw .dependsOnSize }
        return product
    }

    /// The name of a vector of sizes, given in each recording.
    ///
    /// - Parameter infers: whether one size may be -1, which follows from the others.
    mutating func sizes(_ shapes: [[Int]], infers: Bool = false) throws(ONNXError) -> String {
        var products: [SizeProduct] = []
        for dimension in shapes[0].indices { products.append(try size(shapes.map { $0[dimension] })) }
        let free = products.count { !$0.isFixed }
        if free == 0 || (free == 1 && infers) {
            return constant(products.map { $0.isFixed ? $0.numerator : -1 })
        }
        let parts = products.map { product in
            product.isFixed ? constant([product.numerator]) : computedSize(product)
        }
        return add("Concat", parts, ["axis": .int(0)])[0]
    }

    private mutating func computedSize(_ product: SizeProduct) -> String {
        let key = "size \(product)"
        if let name = made[key] { return name }
        var name = freeSize(product.names[0])
        for other in product.names.dropFirst() { name = add("Mul", name, freeSize(other)) }
        if product.numerator != 1 { name = add("Mul", name, constant([product.numerator])) }
        if product.denominator != 1 { name = add("Div", name, constant([product.denominator])) }
        made[key] = name
        return name
    }

    private mutating func freeSize(_ size: String) -> String {
        let key = "free \(size)"
        if let name = made[key] { return name }
        guard let place = freeSizes[size] else { preconditionFailure("no input has the size \(size)") }
        let shape = add("Shape", place.input)
        let name = add("Gather", shape, constant([place.dimension]), attributes: ["axis": .int(0)])
        made[key] = name
        return name
    }
}

/// What a node is told besides its inputs.
enum ONNXAttribute {
    case int(Int)
    case float(Double)
    case ints([Int])
    case string(String)

    func proto(named name: String) -> ONNXAttributeProto {
        var proto = ONNXAttributeProto()
        proto.name = name
        switch self {
        case .int(let value):
            proto.type = .int
            proto.i = Int64(value)
        case .float(let value):
            proto.type = .float
            proto.f = Float(value)
        case .ints(let values):
            proto.type = .ints
            proto.ints = values.map(Int64.init)
        case .string(let value):
            proto.type = .string
            proto.s = Data(value.utf8)
        }
        return proto
    }
}

extension DType {
    /// The number that ONNX has for the type.
    var onnx: Int {
        switch self {
        case .float32: 1
        case .uint8: 2
        case .int8: 3
        case .int16: 5
        case .int32: 6
        case .int64: 7
        case .bool: 9
        case .float16: 10
        case .float64: 11
        case .bfloat16: 16
        }
    }

    init?(onnx number: Int) {
        guard let match = Self.allCases.first(where: { $0.onnx == number }) else { return nil }
        self = match
    }
}

private func isEqual(_ a: Tensor, _ b: Tensor) -> Bool {
    a.shape == b.shape && a.dtype == b.dtype && (a .== b).to(.uint8).min().item() == 1
}
