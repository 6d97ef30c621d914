// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// How an operator of libtorch is written in operators of ONNX; gives the name of the result.
typealias ONNXTranslation = @Sendable (inout ONNXGraph, ONNXCall) throws(ONNXError) -> String

extension ONNXGraph {
    /// Writes a call down, if its result depends on the function's inputs.
    ///
    /// - Throws: ``ONNXError/unsupported(name:)`` for an operator that is not known here.
    mutating func translate(_ call: ONNXCall) throws(ONNXError) {
        guard call.operands.contains(where: isComputed) else { return }
        if call.results.count == 1, let translation = Self.translations[call.name] {
            define(call.result, as: try translation(&self, call))
        } else if call.name == "aten::split_with_sizes" || call.name == "aten::tensor_split.sections" {
            try split(call)
        } else {
            throw .unsupported(name: call.name)
        }
    }

    private static let translations: [String: ONNXTranslation] =
        elementwise.merging(shapes) { $1 }.merging(layers) { $1 }

    // MARK: Element by element

    private static let elementwise: [String: ONNXTranslation] = [
        "aten::add.Tensor": binary("Add"),
        "aten::sub.Tensor": binary("Sub"),
        "aten::mul.Tensor": binary("Mul"),
        "aten::div.Tensor": binary("Div"),
        "aten::add.Scalar": withNumber("Add"),
        "aten::mul.Scalar": withNumber("Mul"),
        "aten::pow.Tensor_Scalar": withNumber("Pow"),
        "aten::rsub.Scalar": { graph, call throws(ONNXError) in
            let x = call.tensor(0)
            return graph.add("Sub", graph.scalar(try call.double(1), x[0].dtype), try graph.name(of: x))
        },
        "aten::neg": unary("Neg"),
        "aten::abs": unary("Abs"),
        "aten::reciprocal": unary("Reciprocal"),
        "aten::sqrt": unary("Sqrt"),
        "aten::exp": unary("Exp"),
        "aten::log": unary("Log"),
        "aten::sin": unary("Sin"),
        "aten::cos": unary("Cos"),
        "aten::tanh": unary("Tanh"),
        "aten::relu": unary("Relu"),
        "aten::sigmoid": unary("Sigmoid"),
        "aten::square": { graph, call throws(ONNXError) in
            let x = try graph.name(of: call.tensor(0))
            return graph.add("Mul", x, x)
        },
        "aten::silu": { graph, call throws(ONNXError) in graph.silu(try graph.name(of: call.tensor(0))) },
        // x / 2 (1 + erf(x / sqrt(2)))
        "aten::gelu": { graph, call throws(ONNXError) in
            let operand = call.tensor(0)
            let (x, dtype) = (try graph.name(of: operand), operand[0].dtype)
            let erf = graph.add("Erf", graph.add("Mul", x, graph.scalar(0.5.squareRoot(), dtype)))
            let sum = graph.add("Add", erf, graph.scalar(1, dtype))
            return graph.add("Mul", graph.add("Mul", x, graph.scalar(0.5, dtype)), sum)
        },
        "aten::clamp": { graph, call throws(ONNXError) in
            let x = call.tensor(0)
            let minimum = try call.optionalDouble(1).map { graph.scalar($0, x[0].dtype) } ?? ""
            let maximum = try call.optionalDouble(2).map { graph.scalar($0, x[0].dtype) } ?? ""
            return graph.add("Clip", try graph.name(of: x), minimum, maximum)
        },
        "aten::softmax.int": { graph, call throws(ONNXError) in
            let x = call.tensor(0)
            return graph.add(
                "Softmax", try graph.name(of: x),
                attributes: ["axis": .int(try call.dimension(1, of: x[0].rank))])
        },
        "aten::to.dtype": { graph, call throws(ONNXError) in
            graph.add(
                "Cast", try graph.name(of: call.tensor(0)),
                attributes: ["to": .int(call.result[0].dtype.onnx)])
        },
    ]

    private static func unary(_ type: String) -> ONNXTranslation {
        { graph, call throws(ONNXError) in graph.add(type, try graph.name(of: call.tensor(0))) }
    }

    private static func binary(_ type: String) -> ONNXTranslation {
        { graph, call throws(ONNXError) in
            graph.add(type, try graph.name(of: call.tensor(0)), try graph.name(of: call.tensor(1)))
        }
    }

    private static func withNumber(_ type: String) -> ONNXTranslation {
        { graph, call throws(ONNXError) in
            let x = call.tensor(0)
            return graph.add(type, try graph.name(of: x), graph.scalar(try call.double(1), x[0].dtype))
        }
    }

    mutating func silu(_ x: String) -> String { add("Mul", x, add("Sigmoid", x)) }

    // MARK: Shapes

    private static let shapes: [String: ONNXTranslation] = [
        // The order of elements in memory is no matter of ONNX.
        "aten::contiguous": itself,
        "aten::clone": itself,
        "aten::detach": itself,
        "aten::reshape": reshape,
        "aten::flatten.using_ints": reshape,
        "aten::squeeze.dim": reshape,
        "aten::unsqueeze": reshape,
        "aten::permute": { graph, call throws(ONNXError) in
            graph.transposed(try graph.whole(call.tensor(0)), try call.ints(1))
        },
        "aten::transpose.int": { graph, call throws(ONNXError) in
            let x = call.tensor(0)
            var order = Array(0..<x[0].rank)
            order.swapAt(try call.dimension(1, of: order.count), try call.dimension(2, of: order.count))
            return graph.transposed(try graph.whole(x), order)
        },
        "aten::expand": { graph, call throws(ONNXError) in
            graph.add("Expand", try graph.name(of: call.tensor(0)), try graph.sizes(call.shapes))
        },
        "aten::repeat": { graph, call throws(ONNXError) in
            let (x, counts) = (call.tensor(0), try call.ints(1))
            guard counts.count == x[0].rank else { throw .unsupported(name: call.name) }
            return graph.add("Tile", try graph.whole(x), graph.constant(counts))
        },
        "aten::narrow": { graph, call throws(ONNXError) in
            let x = call.tensor(0)
            let (dimension, start) = (try call.dimension(1, of: x[0].rank), try call.int(2))
            return graph.add(
                "Slice",
                [
                    try graph.whole(x), graph.constant([start]),
                    try graph.sizes(call.sizes(3).map { [start + $0] }), graph.constant([dimension]),
                ])[0]
        },
        "aten::select.int": { graph, call throws(ONNXError) in
            let x = call.tensor(0)
            return graph.add(
                "Gather", try graph.whole(x), graph.scalar(Double(try call.int(2)), .int64),
                attributes: ["axis": .int(try call.dimension(1, of: x[0].rank))])
        },
        "aten::index_select": { graph, call throws(ONNXError) in
            let x = call.tensor(0)
            return graph.add(
                "Gather", try graph.whole(x), try graph.whole(call.tensor(2)),
                attributes: ["axis": .int(try call.dimension(1, of: x[0].rank))])
        },
        "aten::cat": { graph, call throws(ONNXError) in
            var parts: [String] = []
            for part in call.tensors(0) { parts.append(try graph.whole(part)) }
            let axis = try call.dimension(1, of: call.result[0].rank)
            return graph.add("Concat", parts, ["axis": .int(axis)])[0]
        },
        "aten::stack": { graph, call throws(ONNXError) in
            let axis = try call.dimension(1, of: call.result[0].rank)
            var parts: [String] = []
            for part in call.tensors(0) {
                parts.append(graph.add("Unsqueeze", try graph.whole(part), graph.constant([axis])))
            }
            return graph.add("Concat", parts, ["axis": .int(axis)])[0]
        },
        "aten::one_hot": { graph, call throws(ONNXError) in
            graph.add(
                "OneHot", try graph.whole(call.tensor(0)), graph.scalar(Double(try call.int(1)), .int64),
                graph.constant([0, 1]))
        },
    ]

    private static let itself: ONNXTranslation = { graph, call throws(ONNXError) in
        try graph.name(of: call.tensor(0))
    }

    private static let reshape: ONNXTranslation = { graph, call throws(ONNXError) in
        try graph.reshaped(try graph.whole(call.tensor(0)), to: call.shapes)
    }

    /// - Parameter shapes: the new shape in each recording.
    mutating func reshaped(_ x: String, to shapes: [[Int]]) throws(ONNXError) -> String {
        add("Reshape", x, try sizes(shapes, infers: true))
    }

    mutating func transposed(_ x: String, _ order: [Int]) -> String {
        order == Array(order.indices) ? x : add("Transpose", x, attributes: ["perm": .ints(order)])
    }

    private mutating func split(_ call: ONNXCall) throws(ONNXError) {
        let x = call.tensor(0)
        let axis = try call.dimension(2, of: x[0].rank)
        var lengths: [[Int]] = []
        for part in call.results { lengths.append(part.map { $0.shape[axis] }) }
        let sizes = try sizes(lengths[0].indices.map { trial in lengths.map { $0[trial] } })
        let names = add(
            "Split", [try whole(x), sizes], outputs: call.results.count, ["axis": .int(axis)])
        for (part, name) in zip(call.results, names) { define(part, as: name) }
    }
}
