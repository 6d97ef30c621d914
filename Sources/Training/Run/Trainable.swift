// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import OrderedCollections
public import Torch

/// Work that proceeds in steps, can be saved after any of them, and depends on nothing but its settings and their number.
public protocol Trainable: AnyObject {
    /// What a step measured, still on the device.
    associatedtype Report

    /// The number of steps of the whole run.
    var stepCount: Int { get }
    /// Images that one step learns from.
    var imagesPerStep: Int { get }
    /// Steps between two events of each kind.
    var intervals: RunIntervals { get }
    /// What the settings' learning rates are multiplied by; 1 at first.
    var learningRateFactor: Double { get set }
    /// All tensors that a checkpoint holds, by file.
    var state: [String: OrderedDictionary<String, Tensor>] { get }

    /// Does one step, from 0. An update whose loss or gradient is not finite is not made, and neither is what would have
    /// followed it in the step.
    func step(_ index: Int) throws -> Report
    /// What was not finite in a step; nil if all was.
    func fault(of report: Report) -> TrainingFault?
    /// Reads back what a step measured, by the tags of the log. `done` counts the steps done.
    func scalars(of report: Report, done: Int) -> [String: Double]
    /// Goes on from a checkpoint of the same settings.
    func load(_ checkpoint: Checkpoint) throws
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
