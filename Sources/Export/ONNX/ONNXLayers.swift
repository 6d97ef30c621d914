// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

extension ONNXGraph {
    /// The layers that networks are made of.
    static let layers: [String: ONNXTranslation] = [
        "aten::conv2d": convolution("Conv"),
        "aten::conv_transpose2d.input": convolution("ConvTranspose"),
        "aten::linear": { graph, call throws(ONNXError) in
            if call.tensor(0)[0].rank == 2 {
                return graph.add("Gemm", try graph.parameters(of: call), ["transB": .int(1)])[0]
            }
            let weight = graph.transposed(try graph.name(of: call.tensor(1)), [1, 0])
            let product = graph.add("MatMul", try graph.name(of: call.tensor(0)), weight)
            guard let bias = call.optionalTensor(2) else { return product }
            return graph.add("Add", product, try graph.name(of: bias))
        },
        "aten::matmul": { graph, call throws(ONNXError) in
            graph.add("MatMul", try graph.name(of: call.tensor(0)), try graph.name(of: call.tensor(1)))
        },
        "aten::scaled_dot_product_attention": attention,
        Recording.groupNormSiLU: { graph, call throws(ONNXError) in
            let x = call.tensor(0)
            var input = try graph.name(of: x)
            if let shift = call.optionalTensor(5) {
                input = graph.add("Add", input, try graph.perChannel(shift, imageRank: x[0].rank))
            }
            let normalised = try graph.groupNorm(
                input, shapes: x.map(\.shape), groups: try call.int(1), weight: call.tensor(2),
                bias: call.tensor(3), epsilon: try call.double(4))
            return graph.silu(normalised)
        },
        "aten::group_norm": { graph, call throws(ONNXError) in
            let x = call.tensor(0)
            return try graph.groupNorm(
                try graph.name(of: x), shapes: x.map(\.shape), groups: try call.int(1),
                weight: call.optionalTensor(2), bias: call.optionalTensor(3), epsilon: try call.double(4))
        },
        "aten::layer_norm": { graph, call throws(ONNXError) in
            graph.add(
                "LayerNormalization",
                [
                    try graph.name(of: call.tensor(0)), try graph.name(of: call.tensor(2)),
                    try graph.name(of: call.tensor(3)),
                ],
                ["axis": .int(-(try call.ints(1)).count), "epsilon": .float(try call.double(4))])[0]
        },
        "aten::upsample_nearest2d": { graph, call throws(ONNXError) in
            let (before, after) = (call.tensor(0).map(\.shape), call.shapes)
            let scales = after[0].indices.map { Float(after[0][$0]) / Float(before[0][$0]) }
            let isScaled = zip(before, after).allSatisfy { before, after in
                zip(zip(before, after), scales).allSatisfy { Float($0.1) / Float($0.0) == $1 }
            }
            guard isScaled else { throw .dependsOnSize }
            return graph.add(
                "Resize", [try graph.whole(call.tensor(0)), "", graph.constant(Tensor(scales))],
                [
                    "mode": .string("nearest"), "coordinate_transformation_mode": .string("asymmetric"),
                    "nearest_mode": .string("floor"),
                ])[0]
        },
        "aten::avg_pool2d": { graph, call throws(ONNXError) in
            let padding = try call.ints(3)
            return graph.add(
                "AveragePool", [try graph.whole(call.tensor(0))],
                [
                    "kernel_shape": .ints(try call.ints(1)), "strides": .ints(try call.ints(2)),
                    "pads": .ints(padding + padding), "count_include_pad": .int(1),
                ])[0]
        },
        "aten::constant_pad_nd": { graph, call throws(ONNXError) in
            // libtorch names the last dimension first, before and after; ONNX all dimensions before, then all after.
            let (x, amounts) = (call.tensor(0), try call.ints(1))
            var (before, after) = (
                Array(repeating: 0, count: x[0].rank), Array(repeating: 0, count: x[0].rank)
            )
            for pair in 0..<amounts.count / 2 {
                before[x[0].rank - 1 - pair] = amounts[2 * pair]
                after[x[0].rank - 1 - pair] = amounts[2 * pair + 1]
            }
            return graph.add("Pad", try graph.whole(x), graph.constant(before + after))
        },
    ]

    private static func convolution(_ type: String) -> ONNXTranslation {
        { graph, call throws(ONNXError) in
            let padding = try call.ints(4)
            return graph.add(
                type, try graph.parameters(of: call),
                [
                    "kernel_shape": .ints(Array(call.tensor(1)[0].shape.suffix(2))),
                    "strides": .ints(try call.ints(3)), "pads": .ints(padding + padding),
                    "group": .int(try call.int(6)),
                ])[0]
        }
    }

    /// Input, weight and, if there is one, bias.
    private mutating func parameters(of call: ONNXCall) throws(ONNXError) -> [String] {
        let parameters = [try whole(call.tensor(0)), try name(of: call.tensor(1))]
        guard let bias = call.optionalTensor(2) else { return parameters }
        return parameters + [try name(of: bias)]
    }

    /// `weight (x - mean) / deviation + bias`, by normalisation of each group as if it were one image of one row.
    ///
    /// - Parameter shapes: those of `x` in each recording.
    private mutating func groupNorm(
        _ x: String, shapes: [[Int]], groups: Int, weight: Operand?, bias: Operand?, epsilon: Double
    ) throws(ONNXError) -> String {
        let grouped = add("Reshape", x, constant([0, groups, -1]))
        let ones = constant(Tensor.ones([groups]))
        let zeros = constant(Tensor.zeros([groups]))
        let normalised = add(
            "InstanceNormalization", grouped, ones, zeros, attributes: ["epsilon": .float(epsilon)])
        var result = try reshaped(normalised, to: shapes)
        if let weight { result = add("Mul", result, try perChannel(weight, imageRank: shapes[0].count)) }
        if let bias { result = add("Add", result, try perChannel(bias, imageRank: shapes[0].count)) }
        return result
    }

    /// `[C]` or `[N, C]` with dimensions of size 1 behind, to be combined with images.
    private mutating func perChannel(_ values: Operand, imageRank: Int) throws(ONNXError) -> String {
        let rank = values[0].rank
        let axes = Array(rank..<(rank + imageRank - 2))
        return add("Unsqueeze", try name(of: values), constant(axes))
    }

    /// `softmax(q k^T / sqrt(d)) v`.
    private static let attention: ONNXTranslation = { graph, call throws(ONNXError) in
        let (query, key, value) = (call.tensor(0), call.tensor(1), call.tensor(2))
        let (rank, depth) = (query[0].rank, query[0].shape[query[0].rank - 1])
        let scale = graph.scalar(1 / Double(depth).squareRoot(), query[0].dtype)
        var order = Array(0..<rank)
        order.swapAt(rank - 1, rank - 2)
        let turned = graph.transposed(try graph.whole(key), order)
        var scores = graph.add("MatMul", graph.add("Mul", try graph.whole(query), scale), turned)
        if call.bool(5) {
            let count = query[0].shape[rank - 2]
            guard query.allSatisfy({ $0.shape[rank - 2] == count }) else { throw .dependsOnSize }
            let mask = (0..<count).flatMap { row in
                (0..<count).map { $0 <= row ? Float(0) : -Float.greatestFiniteMagnitude }
            }
            scores = graph.add("Add", scores, graph.constant(Tensor(mask, shape: [count, count])))
        }
        let weights = graph.add("Softmax", scores, attributes: ["axis": .int(rank - 1)])
        return graph.add("MatMul", weights, try graph.whole(value))
    }
}
