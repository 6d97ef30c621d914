// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import Testing
import Torch

private final class Leaf: Module {
    let weight = Tensor.zeros([2, 3])
    let scale = Tensor.ones([1])
    var children: [Child] {
        [.parameter("weight", weight), .parameter("bias", nil), .buffer("scale", scale)]
    }
}

private final class Tree: Module {
    let leaves = [Leaf(), Leaf()]
    var children: [Child] { leaves.enumerated().map { .module("block\($0)", $1) } }
}

@Suite struct ModuleTests {
    @Test func pathsAreThoseOfACheckpoint() {
        #expect(Tree().parameters.keys == ["block0.weight", "block1.weight"])
        #expect(Tree().state.keys == ["block0.weight", "block0.scale", "block1.weight", "block1.scale"])
        #expect(Tree().parameterCount == 12)
    }

    @Test func loadingConvertsAndCopies() throws {
        let tree = Tree()
        var checkpoint = Tree().state
        checkpoint["block1.weight"] = Tensor.full([2, 3], value: 7, dtype: .float64)
        try tree.load(checkpoint)
        #expect(tree.leaves[1].weight.array() == [Float](repeating: 7, count: 6))
        #expect(tree.leaves[1].weight.dtype == .float32)
    }

    @Test func aMismatchNamesEveryKindAndLoadsNothing() {
        let tree = Tree()
        var checkpoint = Tree().state
        checkpoint["block0.weight"] = Tensor.ones([2, 3])
        checkpoint["block1.weight"] = Tensor.ones([3, 2])
        checkpoint["block0.scale"] = nil
        checkpoint["head.weight"] = Tensor.ones([1])
        let error = #expect(throws: StateMismatch.self) { try tree.load(checkpoint) }
        #expect(error?.missing == ["block0.scale"])
        #expect(error?.unexpected == ["head.weight"])
        #expect(error?.shapes == [.init(path: "block1.weight", expected: [2, 3], found: [3, 2])])
        #expect(tree.leaves[0].weight.array() == [Float](repeating: 0, count: 6))
    }
}
