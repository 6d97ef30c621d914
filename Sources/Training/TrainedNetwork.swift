// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import OrderedCollections
public import Torch

/// A network under training: its optimizer, and the averages of its weights. The only place where a gradient is
/// accumulated over micro-batches, added up over processes, checked, clipped and applied.
///
/// Where several processes train it, each has the whole network, and takes its share of the micro-batches. All come to the same
/// weights, on the CPU to those of one process, bit for bit, if each takes a power of two of them; see `Communicator.sum(_:)`.
///
/// Its parameters want a gradient only while ``update(microBatches:learningRate:companionLearningRate:clipNorm:_:)`` runs, so that no other
/// network's loss reaches them.
public final class TrainedNetwork<Network: Module> {
    /// What logs, messages and the files of checkpoints call it.
    public let name: String
    /// The network.
    public let network: Network
    /// The moving averages of its weights; nil where none are kept.
    public let averages: Averages?
    /// The processes that train it.
    public let processes: Communicator
    private let companion: Companion?
    private let optimizer: AdamW

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
    public init(
        _ name: String, _ network: Network, betas: (Double, Double) = (0.9, 0.999),
        weightDecay: Double = 0.01, averages: Averages? = nil, with companion: Companion? = nil,
        processes: Communicator = .alone
    ) {
        self.processes = processes
        self.name = name
        self.network = network
        self.averages = averages
        self.companion = companion
        network.setRequiresGrad(false)
        companion?.module.setRequiresGrad(false)
        optimizer = AdamW(
            groups: [network.parameters, companion?.parameters].compactMap(\.self).map {
                AdamW.Group(parameters: $0, learningRate: 0, betas: betas, weightDecay: weightDecay)
            })
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
        for module in modules { module.setRequiresGrad(true) }
        defer {
            optimizer.zeroGradients()
            for module in modules { module.setRequiresGrad(false) }
        }
        let parameters = modules.flatMap(\.parameters.values)
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
        try processes.sum(parameters.compactMap(\.gradient))
        let norm = clipGradientNorm(parameters, to: clipNorm)
        let (total, measured) = try totals(of: parts)
        let scalars = measured.merging(["norm/\(name)": norm]) { $1 }
        // One number to wait for; what is not finite stays so in a sum.
        let isFinite = ([total] + scalars.values).reduce(Tensor(0)) { $0 + $1 }.item().isFinite
        if isFinite {
            optimizer.learningRates = [learningRate, companionLearningRate ?? learningRate]
            optimizer.step()
        }
        return UpdateReport(
            results: parts.map(\.result), scalars: scalars,
            fault: isFinite ? nil : scalars.mapValues { $0.item() })
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
        averages?.update(from: network, batchSize: batchSize, imagesBefore: imagesBefore)
    }

    /// All that a checkpoint holds, by file: `NAME`, `NAME-optimizer`, `NAME-average`, further averages, and the companion by its name. The tensors
    /// are those in training, which the next update changes.
    public var state: [String: OrderedDictionary<String, Tensor>] {
        var own = [name: network.state, "\(name)-optimizer": optimizer.state]
        if let companion, !companion.module.state.isEmpty { own[companion.name] = companion.module.state }
        return own.merging(averages?.state(as: "\(name)-average") ?? [:]) { $1 }
    }

    /// Goes on from a checkpoint of ``state``.
    ///
    /// - Throws: ``CheckpointError`` if it is one of another kind of run, `StateMismatch` if it is one of another network;
    ///   the network is then not to be used.
    public func load(_ checkpoint: Checkpoint) throws {
        try network.load(checkpoint.tensors(name))
        if let companion, !companion.module.state.isEmpty {
            try companion.module.load(checkpoint.tensors(companion.name))
        }
        try optimizer.load(state: checkpoint.tensors("\(name)-optimizer"))
        try averages?.load(checkpoint, as: "\(name)-average")
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
