// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import OrderedCollections
public import Torch

/// A network under training: its optimizer, and the averages of its weights. The only place where a gradient is
/// accumulated over micro-batches, added up over processes, checked, clipped and applied.
///
/// Where several processes train it, each has the whole network, and takes its share of the micro-batches. All come to the same
/// weights, on the CPU to those of one process, bit for bit, if each takes a power of two of them; see `Communicator.sum(_:)`. With
/// sharded state each keeps AdamW's moments and the averages of a part of the parameters alone (ZeRO stage 1, Rajbhandari et al., arXiv
/// 1910.02054), updates those, and sends them to the others: the same weights, for as many bytes sent.
///
/// Its parameters want a gradient only while ``update(microBatches:learningRate:companionLearningRate:clipNorm:_:)`` runs, so that no other
/// network's loss reaches them.
public final class TrainedNetwork<Network: Module> {
    /// What logs, messages and the files of checkpoints call it.
    public let name: String
    /// The network.
    public let network: Network
    /// The moving averages of its weights, with sharded state those that this process keeps; nil where there are none.
    public let averages: Averages?
    /// The processes that train it.
    public let processes: Communicator
    private let companion: Companion?
    private let optimizer: AdamW
    private let shards: StateShards?
    /// Whole averages, until the next update of them; in the first process of several with sharded state.
    private var gathered: [OrderedDictionary<String, Tensor>]?

    /// A module that is trained with a network, on the same loss and by the same optimizer, at a learning rate of its own; such as the
    /// heads on its features.
    public struct Companion {
        /// What logs and the files of checkpoints call it.
        public let name: String
        /// The module.
        public let module: any Module

        /// Collects both.
        public init(_ name: String, _ module: any Module) { (self.name, self.module) = (name, module) }
    }

    /// Takes a network into training; it must be on its device already.
    ///
    /// - Parameters:
    ///   - name: what logs and files call it, such as `generator`.
    ///   - network: the network.
    ///   - betas: AdamW's decays of the averages of the gradient and of its square.
    ///   - weightDecay: AdamW's decoupled weight decay.
    ///   - averages: moving averages of the network's weights, if they are to be kept.
    ///   - companion: a module that is trained with it.
    ///   - processes: those that train it, each with the same weights.
    ///   - shardedState: whether each process is to keep its part of the optimizer's moments and of the averages, and no more.
    public init(
        _ name: String, _ network: Network, betas: (Double, Double) = (0.9, 0.999),
        weightDecay: Double = 0.01, averages: Averages? = nil, with companion: Companion? = nil,
        processes: Communicator = .alone, shardedState: Bool = false
    ) {
        self.processes = processes
        self.name = name
        self.network = network
        self.averages = averages
        self.companion = companion
        network.setRequiresGrad(false)
        companion?.module.setRequiresGrad(false)
        let groups = [network.parameters, companion?.parameters].compactMap(\.self)
        let shards = shardedState && processes.count > 1 ? StateShards(of: groups, over: processes) : nil
        self.shards = shards
        optimizer = AdamW(
            groups: groups.map {
                AdamW.Group(
                    parameters: shards?.kept($0) ?? $0, learningRate: 0, betas: betas,
                    weightDecay: weightDecay)
            })
        if let shards { averages?.keepOnly(shards.keptPaths) }
    }

    /// Descends on a loss that is a sum over micro-batches. Where the loss, what was measured beside it or the gradient's
    /// norm is not finite, in any process, nothing changes.
    ///
    /// - Parameters:
    ///   - microBatches: how many the whole batch has, at least 1, and a multiple of the number of processes; as many at once as the
    ///     device has threads.
    ///   - learningRate: that of this update.
    ///   - companionLearningRate: that of the companion; the same if not given.
    ///   - clipNorm: the largest norm of the gradient.
    ///   - loss: makes the loss of one of this process's micro-batches, by its number in the whole batch, and what was measured, as
    ///     shares of those of the batch: they are added up. Called from several threads at once.
    /// - Throws: `CommunicatorError` where another process ends, `TorchError` for what libtorch has refused; the network is then not to
    ///   be used.
    public func update<Result: Sendable>(
        microBatches: Int, learningRate: Double, companionLearningRate: Double? = nil, clipNorm: Double,
        _ loss: @Sendable (Int) -> MicroBatch<Result>
    ) throws -> UpdateReport<Result> {
        let modules = [network, companion?.module].compactMap(\.self)
        let parameters = modules.flatMap(\.parameters.values)
        for module in modules { module.setRequiresGrad(true) }
        defer {
            for parameter in parameters { parameter.setGradient(nil) }
            for module in modules { module.setRequiresGrad(false) }
        }
        let share = processes.share(of: microBatches)
        let device = parameters.first?.device ?? .cpu
        // A part is computed by one thread, in however many processes.
        let threads = microBatches > 1 ? min(device.threads, share.count) : device.threads
        let parts = accumulateGradients(of: parameters, over: share.count, threads: threads) { index in
            let part = loss(share.lowerBound + index)
            return (
                part.loss, MicroBatch(loss: part.loss.detached(), scalars: part.scalars, result: part.result)
            )
        }
        let norm = try sumGradients(of: parameters, clippedTo: clipNorm)
        let (total, measured) = try totals(of: parts)
        let scalars = measured.merging(["norm/\(name)": norm]) { $1 }
        // One number to wait for; what is not finite stays so in a sum.
        let isFinite = ([total] + scalars.values).reduce(Tensor(0)) { $0 + $1 }.item().isFinite
        if isFinite {
            optimizer.learningRates = [learningRate, companionLearningRate ?? learningRate]
            optimizer.step()
            try shards?.spread(parameters)
        }
        return UpdateReport(
            results: parts.map(\.result), scalars: scalars,
            fault: isFinite ? nil : scalars.mapValues { $0.item() })
    }

    /// Adds up the gradients over the processes, and shortens them; with sharded state those of the parameters that this process keeps.
    ///
    /// - Returns: the norm of all before.
    private func sumGradients(of parameters: [Tensor], clippedTo norm: Double) throws -> Tensor {
        if let shards { return try shards.sumGradients(of: parameters, clippedTo: norm) }
        try processes.sum(parameters.compactMap(\.gradient))
        return clipGradientNorm(parameters, to: norm)
    }

    /// The sums of the losses, and of what was measured beside them, over the micro-batches of all processes.
    private func totals<Result>(of parts: [MicroBatch<Result>]) throws -> (
        loss: Tensor, scalars: [String: Tensor]
    ) {
        let names = parts[0].scalars.keys.sorted()
        let rows = parts.map { part in
            Tensor.stacked(
                [part.loss]
                    + names.map { part.scalars[$0]?.detached().to(part.loss.dtype) ?? .zerosLike(part.loss) })
        }
        let sums = try processes.gathered(.stacked(rows)).sum(dims: [0])
        let scalars = names.enumerated().map { ($1, sums.selected(dim: 0, index: $0 + 1)) }
        return (sums.selected(dim: 0, index: 0), Dictionary(uniqueKeysWithValues: scalars))
    }

    /// Moves the averages towards the weights, see `EMA.update(from:batchSize:imagesBefore:)`.
    public func updateAverages(batchSize: Int, imagesBefore: Int) {
        gathered = nil
        averages?.update(from: network, batchSize: batchSize, imagesBefore: imagesBefore)
    }

    /// Brings the averages together in the first process, where each process keeps a part of them; all call it at once.
    public func gatherAverages() throws {
        guard let shards, let averages, gathered == nil else { return }
        gathered = try averages.each.map {
            try shards.whole(average: $0.state, count: network.parameters.count)
        }
    }

    /// Overwrites the parameters of a network of the same architecture with an average of this one's. With sharded state that is possible in
    /// the first process, between ``gatherAverages()`` and the next update.
    ///
    /// - Parameters:
    ///   - number: that of the average, from 0.
    ///   - other: the network that gets its weights.
    public func copyAverage(_ number: Int, to other: Network) {
        guard shards != nil else {
            averages?.each[number].copy(to: other)
            return
        }
        guard let average = gathered?[number] else {
            preconditionFailure(
                "an average that several processes keep is to be gathered before it is copied")
        }
        withoutGradients {
            for (path, parameter) in other.parameters { average[path].map(parameter.copy) }
        }
    }

    /// All that this process keeps for a checkpoint, by file: `NAME`, `NAME-optimizer`, `NAME-average`, further averages, and the companion
    /// by its name. The tensors are those in training, which the next update changes.
    public var state: [String: OrderedDictionary<String, Tensor>] {
        weights.merging(averages?.state(as: "\(name)-average") ?? [:]) { $1 }
            .merging(["\(name)-optimizer": optimizer.state]) { $1 }
    }

    /// The weights by file.
    private var weights: [String: OrderedDictionary<String, Tensor>] {
        guard let companion, !companion.module.state.isEmpty else { return [name: network.state] }
        return [name: network.state, companion.name: companion.module.state]
    }

    /// Copies on the host of all that a checkpoint holds, as ``state`` has it in a process alone: in the first process, and nothing in the
    /// others. All call it at once.
    public func snapshot() throws -> [String: OrderedDictionary<String, Tensor>] {
        guard let shards else { return processes.isFirst ? state.copiedToHost() : [:] }
        try gatherAverages()
        let moments = try shards.whole(optimizer: optimizer.state)
        guard processes.isFirst else { return [:] }
        var files = weights.copiedToHost()
        files["\(name)-optimizer"] = moments
        for (suffix, average) in zip(averages?.suffixes ?? [], gathered ?? []) {
            files["\(name)-average\(suffix)"] = average
        }
        return files
    }

    /// Goes on from a checkpoint of ``snapshot()``, made by any number of processes.
    ///
    /// - Throws: ``CheckpointError`` if it is one of another kind of run, `StateMismatch` if it is one of another network;
    ///   the network is then not to be used.
    public func load(_ checkpoint: Checkpoint) throws {
        try network.load(checkpoint.tensors(name))
        if let companion, !companion.module.state.isEmpty {
            try companion.module.load(checkpoint.tensors(companion.name))
        }
        func kept(_ name: String) throws -> OrderedDictionary<String, Tensor> {
            let tensors = try checkpoint.tensors(name)
            return shards?.kept(tensors) ?? tensors
        }
        try optimizer.load(state: kept("\(name)-optimizer"))
        for (suffix, average) in zip(averages?.suffixes ?? [], averages?.each ?? []) {
            try average.load(state: kept("\(name)-average\(suffix)"))
        }
    }
}

extension TrainedNetwork.Companion {
    /// Its parameters under its name.
    fileprivate var parameters: OrderedDictionary<String, Tensor> {
        OrderedDictionary(
            uniqueKeysWithValues: module.parameters.map { ("\(name).\($0)", $1) })
    }
}

/// What a loss makes of a micro-batch.
public struct MicroBatch<Result: Sendable>: Sendable {
    /// The micro-batch's share in the loss, a tensor without dimensions.
    public let loss: Tensor
    /// Its share in what was measured, by the tags of the log.
    public let scalars: [String: Tensor]
    /// Whatever else is wanted of it.
    public let result: Result

    /// Collects these.
    public init(loss: Tensor, scalars: [String: Tensor], result: Result) {
        self.loss = loss
        self.scalars = scalars
        self.result = result
    }
}

/// What an update measured. All are tensors without dimensions.
public struct UpdateReport<Result: Sendable> {
    /// What this process's micro-batches had beside their losses, in order.
    public let results: [Result]
    /// What was measured, by the tags of the log, and the norm of the gradient before clipping, as `norm/NAME`.
    public let scalars: [String: Tensor]
    /// All that was measured, where some of it is not finite and the update was not made.
    public let fault: [String: Double]?
}
