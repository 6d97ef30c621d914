// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import OrderedCollections
public import Torch
public import Training

extension Distiller {
    /// All that a run needs to go on, by file of a checkpoint: the weights of `generator` and `critic`,
    /// `generator-average`, and the optimizers' state. The tensors are the distiller's own, so the next step changes
    /// them.
    public var state: [String: OrderedDictionary<String, Tensor>] {
        [
            "generator": generator.state,
            "generator-average": average.state,
            "generator-optimizer": generatorOptimizer.state,
            "critic": critic.state,
            "critic-optimizer": criticOptimizer.state,
        ]
    }

    /// Goes on from a checkpoint of ``state``.
    ///
    /// - Throws: ``CheckpointError`` if it is not one of a distillation, ``StateMismatch`` if it is one of another
    ///   network; the distiller is then not to be used.
    public func load(_ checkpoint: Checkpoint) throws {
        try generator.load(checkpoint.tensors("generator"))
        try average.load(state: checkpoint.tensors("generator-average"))
        try generatorOptimizer.load(state: checkpoint.tensors("generator-optimizer"))
        try critic.load(checkpoint.tensors("critic"))
        try criticOptimizer.load(state: checkpoint.tensors("critic-optimizer"))
    }
}
