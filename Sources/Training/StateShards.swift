// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import OrderedCollections
import Torch

/// The parts of a network's state in training, the optimizer's moments and the averages, that several processes keep: each those of some of
/// its parameters.
struct StateShards {
    private let processes: Communicator
    private let shards: Shards
    /// All parameters without their values, in one order in all processes.
    private let parameters: [(path: String, shape: [Int], dtype: DType)]

    /// Deals out the parameters of all groups, whose paths are distinct.
    init(of groups: [OrderedDictionary<String, Tensor>], over processes: Communicator) {
        self.processes = processes
        parameters = groups.flatMap { $0.map { ($0.key, $0.value.shape, $0.value.dtype) } }
        shards = Shards(of: groups.flatMap { $0.values.map(\.count) }, over: processes.count)
    }

    /// The parameters whose state this process keeps.
    var keptPaths: Set<String> { Set(shards.tensors(of: processes.rank).map { parameters[$0].path }) }

    /// What this process keeps of an optimizer's state, or of tensors by parameter.
    func kept(_ state: OrderedDictionary<String, Tensor>) -> OrderedDictionary<String, Tensor> {
        let others = Set(parameters.map(\.path)).subtracting(keptPaths)
        let names = AdamW.moments.reduce(others) { names, moment in
            names.union(others.map { "\(moment)/\($0)" })
        }
        return state.filter { !names.contains($0.key) }
    }

    // MARK: An update

    /// Adds up the gradients of the parameters that each process keeps the state of, and clips them.
    ///
    /// - Returns: the norm of all before.
    func sumGradients(of tensors: [Tensor], clippedTo norm: Double) throws -> Tensor {
        // Those that no loss reaches have none, in any process.
        let present = tensors.indices.filter { tensors[$0].gradient != nil }
        let (gradients, shards) = (present.compactMap { tensors[$0].gradient }, shards.selecting(present))
        try processes.sum(gradients, in: shards)
        return try processes.clipGradientNorm(gradients, in: shards, to: norm)
    }

    /// Gives all processes the parameters that each has updated.
    func spread(_ tensors: [Tensor]) throws { try processes.spread(tensors, of: shards) }

    // MARK: A checkpoint

    /// The averages of the first parameters, from all processes: copies in the first, nothing in the others.
    func whole(average: OrderedDictionary<String, Tensor>, count: Int) throws -> OrderedDictionary<
        String, Tensor
    > {
        try collected(count: count, \.precise) { average[$0] }
    }

    /// The state of the optimizer from all processes: copies in the first, nothing in the others.
    func whole(optimizer state: OrderedDictionary<String, Tensor>) throws -> OrderedDictionary<String, Tensor>
    {
        let moments = try AdamW.moments.map { moment in
            (moment, try collected(count: parameters.count, \.self) { state["\(moment)/\($0)"] })
        }
        guard processes.isFirst else { return [:] }
        var whole = state.filter { kept in !AdamW.moments.contains { kept.key.hasPrefix("\($0)/") } }
            .mapValues { $0.copiedToHost() }
        for (path, _, _) in parameters {
            for (moment, tensors) in moments { whole["\(moment)/\(path)"] = tensors[path] }
        }
        return whole
    }

    private func collected(
        count: Int, _ type: (DType) -> DType, _ kept: (String) -> Tensor?
    ) throws -> OrderedDictionary<String, Tensor> {
        let parameters = parameters.prefix(count)
        let tensors = parameters.map { path, shape, dtype in
            // In the place of another process's, without memory of its own.
            kept(path) ?? .zeros([], dtype: type(dtype)).expanded(to: shape)
        }
        let all = try processes.collected(tensors, of: shards.selecting(Array(parameters.indices)))
        return OrderedDictionary(uniqueKeysWithValues: zip(parameters.map(\.path), all))
    }
}
