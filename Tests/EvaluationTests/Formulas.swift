// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
import OrderedCollections
import TestSupport
import Torch

/// Numbers in [-1, 1) that `Tests/Fixtures/metrics_parity.py` makes too: number i is of the SplitMix64 of the FNV-1a of
/// the name plus i.
func uniform(_ name: String, _ count: Int) -> [Double] {
    let state = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return (0..<count).map { index in
        var z = state &+ UInt64(index) &+ 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return Double((z ^ (z >> 31)) >> 11) * 0x1p-52 - 1
    }
}

/// The tensors of Inception's published file, by a list of them.
func inceptionShapes() throws -> [(name: String, shape: [Int])] {
    try String(contentsOf: fixture("keys/inception.txt"), encoding: .utf8).split(separator: "\n").map {
        line in
        let parts = line.split(separator: "\t")
        let sizes = parts[1].dropFirst().dropLast().split(separator: ",")
        return (String(parts[0]), sizes.compactMap { Int($0.trimmingCharacters(in: .whitespaces)) })
    }
}

/// The weights of the fixture `metrics`.
func inceptionWeights() throws -> OrderedDictionary<String, Tensor> {
    var weights: OrderedDictionary<String, Tensor> = [:]
    for (name, shape) in try inceptionShapes() {
        guard !name.hasSuffix("num_batches_tracked") else {
            weights[name] = Tensor([0], shape: [])
            continue
        }
        let count = shape.reduce(1, *)
        let (offset, scale): (Double, Double) =
            switch name {
            case let name where name.hasSuffix("conv.weight"):
                (0, (6 / Double(shape.dropFirst().reduce(1, *))).squareRoot())
            case "fc.weight": (0, 0.1)
            case let name where name.hasSuffix("bn.weight"): (1, 0.25)
            case let name where name.hasSuffix("running_var"): (1, 0.5)
            default: (0, 0.2)
            }
        weights[name] = Tensor(uniform(name, count).map { Float(offset + scale * $0) }, shape: shape)
    }
    return weights
}

/// The images of the fixture `metrics`, `uint8` `[count, 3, height, width]`.
func levels(_ name: String, count: Int, height: Int, width: Int) -> Tensor {
    let values = uniform(name, count * 3 * height * width).enumerated().map { place, noise in
        let image = place / (3 * height * width)
        let contrast = Double(image + 1) / Double(count)
        let ramp = Double(place % width) / Double(width)
        return UInt8(64 + 96 * ramp + 64 * contrast * noise)
    }
    return Tensor(values, shape: [count, 3, height, width])
}

/// The features of the fixture `metrics`, float32 `[count, size]`.
func vectors(_ name: String, count: Int, size: Int, shift: Double = 0) -> Tensor {
    let values = uniform(name, count * size).enumerated().map { place, value in
        Float(max(value + shift, 0) * (0.2 + Double(place % size) / Double(size)))
    }
    return Tensor(values, shape: [count, size])
}
