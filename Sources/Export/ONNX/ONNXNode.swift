// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// A node of ONNX with the tensors that it is given.
struct ONNXNode {
    /// Why a node does not run.
    struct Unknown: Error {
        /// A clause that goes on after the node's name.
        let reason: String
    }

    private let type: String
    private let operands: [Tensor?]
    private let attributes: [String: ONNXAttributeProto]

    init(_ node: ONNXNodeProto, _ operands: [Tensor?]) {
        type = node.opType
        self.operands = operands
        attributes = Dictionary(node.attribute.map { ($0.name, $0) }) { $1 }
    }

    /// The outputs.
    func results() throws(Unknown) -> [Tensor] {
        if type == "Split" { return try x.split(sizes: integers(1), dim: axis) }
        if let result = try elementwise() { return [result] }
        if let result = try shaped() { return [result] }
        if let result = try layer() { return [result] }
        throw Unknown(reason: "is of a kind that is not known")
    }

    private func elementwise() throws(Unknown) -> Tensor? {
        switch type {
        case "Identity": try x
        case "Add": try x + self[1]
        case "Sub": try x - self[1]
        case "Mul": try x * self[1]
        case "Div": try quotient()
        case "Pow": try x.pow(self[1].item())
        case "Neg": try -x
        case "Abs": try x.abs()
        case "Reciprocal": try 1 / x
        case "Sqrt": try x.sqrt()
        case "Exp": try x.exp()
        case "Log": try x.log()
        case "Sin": try x.sin()
        case "Cos": try x.cos()
        case "Tanh": try x.tanh()
        case "Relu": try x.relu()
        case "Sigmoid": try x.sigmoid()
        case "Erf": try Operator("aten::erf")(.tensor(x))
        case "Clip":
            try x.clamped(
                min: optional(1)?.item() ?? -.infinity, max: optional(2)?.item() ?? .infinity)
        case "Softmax": try x.softmax(dim: axis)
        case "Cast": try x.to(castType)
        default: nil
        }
    }

    /// Sizes are positive, so that rounding towards zero is rounding down.
    private func quotient() throws(Unknown) -> Tensor {
        let (a, b) = (try x, try self[1])
        return a.dtype.isFloatingPoint ? a / b : (a.to(.float64) / b.to(.float64)).to(a.dtype)
    }

    private func shaped() throws(Unknown) -> Tensor? {
        switch type {
        case "Shape": Tensor(try x.shape.map(Int64.init))
        case "Reshape": try reshaped()
        case "Transpose": try x.permuted(integers("perm"))
        case "Expand": try x * .ones(integers(1), dtype: x.dtype)
        case "Unsqueeze": try integers(1).sorted().reduce(x) { $0.unsqueezed($1) }
        case "Slice": try slice()
        case "Gather":
            try self[1].rank == 0
                ? x.selected(dim: axis, index: integer(1)) : x.indexed(by: self[1], dim: axis)
        case "Concat": .concatenated(operands.compactMap(\.self), dim: try axis)
        case "Tile": try x.repeated(integers(1))
        case "OneHot": try x.oneHot(classCount: integer(1))
        case "Pad": try padded()
        default: nil
        }
    }

    private func reshaped() throws(Unknown) -> Tensor {
        let (x, sizes) = (try x, try integers(1))
        guard sizes.indices.allSatisfy({ sizes[$0] != 0 || $0 < x.rank }) else {
            throw Unknown(reason: "keeps sizes that its input does not have")
        }
        return x.reshaped(sizes.enumerated().map { $1 == 0 ? x.shape[$0] : $1 })
    }

    private func slice() throws(Unknown) -> Tensor {
        let (x, starts, ends, axes) = (try x, try integers(1), try integers(2), try integers(3))
        guard starts.count == 1, ends.count == 1, axes.count == 1, (0..<x.rank).contains(axes[0]),
            0 <= starts[0], starts[0] <= ends[0]
        else {
            throw Unknown(reason: "cuts more than one dimension")
        }
        return x.narrowed(
            dim: axes[0], start: starts[0], count: min(ends[0], x.shape[axes[0]]) - starts[0])
    }

    private func padded() throws(Unknown) -> Tensor {
        let (x, amounts) = (try x, try integers(1))
        guard x.rank == 4, amounts.count == 8, amounts[0] == 0, amounts[1] == 0, amounts[4] == 0,
            amounts[5] == 0
        else { throw Unknown(reason: "pads other dimensions than height and width") }
        return x.padded(left: amounts[3], right: amounts[7], top: amounts[2], bottom: amounts[6])
    }

    private func layer() throws(Unknown) -> Tensor? {
        switch type {
        case "Conv":
            try x.conv2d(
                weight: self[1], bias: optional(2), stride: first("strides"), padding: first("pads"),
                groups: integer("group"))
        case "ConvTranspose":
            try x.conv2dTransposed(
                weight: self[1], stride: first("strides"), padding: first("pads"), groups: integer("group"))
        case "MatMul": try x.matmul(self[1])
        case "Gemm": try x.linear(weight: self[1], bias: optional(2))
        case "InstanceNormalization":
            try x.groupNorm(groups: self[1].count, weight: self[1], bias: self[2], epsilon: epsilon)
        case "LayerNormalization":
            try x.layerNorm(weight: self[1], bias: self[2], epsilon: epsilon)
        case "Resize": try resized()
        case "AveragePool":
            try x.averagePool2d(
                kernel: first("kernel_shape"), stride: first("strides"), padding: first("pads"))
        default: nil
        }
    }

    private func resized() throws(Unknown) -> Tensor {
        let (x, scales) = (try x, try self[2].array(as: Double.self))
        guard x.rank == 4, scales.count == 4, scales.allSatisfy({ (1...64).contains($0) }) else {
            throw Unknown(reason: "resizes no images")
        }
        return x.upsampledNearest(
            height: Int(Double(x.shape[2]) * scales[2]), width: Int(Double(x.shape[3]) * scales[3]))
    }

    // MARK: What it is given

    private var x: Tensor { get throws(Unknown) { try self[0] } }

    private subscript(index: Int) -> Tensor {
        get throws(Unknown) {
            guard let operand = optional(index) else { throw Unknown(reason: "lacks its input \(index)") }
            return operand
        }
    }

    private func optional(_ index: Int) -> Tensor? { index < operands.count ? operands[index] : nil }

    private func integers(_ index: Int) throws(Unknown) -> [Int] { try self[index].array(as: Int.self) }

    /// A single whole number.
    private func integer(_ index: Int) throws(Unknown) -> Int {
        guard let number = Int(exactly: try self[index].item()) else {
            throw Unknown(reason: "needs one whole number as its input \(index)")
        }
        return number
    }

    private func attribute(_ name: String) throws(Unknown) -> ONNXAttributeProto {
        guard let attribute = attributes[name] else { throw Unknown(reason: "lacks its setting \(name)") }
        return attribute
    }

    private func integer(_ name: String) throws(Unknown) -> Int { Int(try attribute(name).i) }
    private func integers(_ name: String) throws(Unknown) -> [Int] { try attribute(name).ints.map(Int.init) }
    private var axis: Int { get throws(Unknown) { try integer("axis") } }
    private var epsilon: Double { get throws(Unknown) { Double(try attribute("epsilon").f) } }

    private func first(_ name: String) throws(Unknown) -> Int {
        guard let first = try integers(name).first else { throw Unknown(reason: "lacks its setting \(name)") }
        return first
    }

    private var castType: DType {
        get throws(Unknown) {
            guard let type = DType(onnx: try integer("to")) else {
                throw Unknown(reason: "makes numbers of a type that is not known")
            }
            return type
        }
    }
}
