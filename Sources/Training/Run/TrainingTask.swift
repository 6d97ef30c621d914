// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import OrderedCollections
public import Torch

/// Work that proceeds in steps, can be saved after any of them, and depends on nothing but its settings and their number.
public protocol TrainingTask: AnyObject {
    /// What a step measured.
    associatedtype Report: TrainingReport

    /// The number of steps of the whole run.
    var stepCount: Int { get }
    /// Images that one step learns from.
    var imagesPerStep: Int { get }
    /// Steps between two events of each kind.
    var intervals: RunIntervals { get }
    /// What the settings' learning rates are multiplied by; 1 at first.
    var learningRateFactor: Double { get set }
    /// The processes that share its steps; by default it has none but this one.
    var processes: Communicator { get }
    /// All tensors of a checkpoint that this process keeps, by file.
    var state: [String: OrderedDictionary<String, Tensor>] { get }

    /// Does one step, from 0. An update whose loss or gradient is not finite is not made, and neither is what would have
    /// followed it in the step.
    func step(_ index: Int) throws -> Report
    /// All that the log has to tell of a step, by tag: what the report measured, and what is measured only now. `done`
    /// counts the steps done.
    func scalars(of report: Report, done: Int) throws -> [String: Double]

    /// Brings together in the first process what samples are drawn from, until the next step; all processes call it at once. By default it
    /// does nothing: there each has all of it.
    func prepareSamples() throws
    /// Copies on the host of all tensors that a checkpoint holds, by file: in the first process, and nothing in the others. All call it at
    /// once. By default these are those of ``state``.
    func snapshot() throws -> [String: OrderedDictionary<String, Tensor>]

    /// Goes on from a checkpoint of the same settings.
    func load(_ checkpoint: Checkpoint) throws
}

extension TrainingTask {
    /// This process alone.
    public var processes: Communicator { .alone }

    /// Nothing.
    public func prepareSamples() throws {}

    /// Copies of the ``state``.
    public func snapshot() throws -> [String: OrderedDictionary<String, Tensor>] {
        processes.isFirst ? state.copiedToHost() : [:]
    }
}

extension [String: OrderedDictionary<String, Tensor>] {
    /// The same in memory of its own, on the host.
    func copiedToHost() -> Self { mapValues { $0.mapValues { $0.copiedToHost() } } }
}

/// What a step measured.
public protocol TrainingReport {
    /// What was measured, by the tags of the log: tensors without dimensions, still on the device.
    var measured: [String: Tensor] { get }

    /// What was not finite; nil if all was.
    var fault: TrainingFault? { get }
}

extension TrainingReport {
    /// What was measured; waits for the device.
    public func scalars() -> [String: Double] { measured.mapValues { $0.item() } }
}

/// Steps between two lines of the log, two grids of samples, and two checkpoints.
public struct RunIntervals: Sendable, Equatable {
    /// Between two lines of the log.
    public var log: Int
    /// Between two grids of samples.
    public var sample: Int
    /// Between two checkpoints.
    public var checkpoint: Int

    /// All at least 1.
    public init(log: Int, sample: Int, checkpoint: Int) {
        self.log = log
        self.sample = sample
        self.checkpoint = checkpoint
    }
}
