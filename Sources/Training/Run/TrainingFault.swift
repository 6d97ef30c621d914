// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

/// A loss or a gradient that is not finite: the update that would have followed was not made.
public struct TrainingFault: Codable, Equatable, Sendable, CustomStringConvertible {
    /// The step, counted from 1 as in the log.
    public var step: Int
    /// The network whose update was skipped.
    public var network: String
    /// The losses and the gradient's norm, by the tags of the log.
    public var values: [String: Double]
    /// The standard deviation of the noise, sigma, of each image of the batch.
    public var noiseLevels: [Double]
    /// The seed of the streams that the batch was drawn from.
    public var seed: UInt64
    /// The names of these streams. With the seed and the step's index, one less than `step`, they make the batch again.
    public var streams: [String]

    /// Describes a fault; see the properties.
    public init(
        step: Int, network: String, values: [String: Double], noiseLevels: [Double], seed: UInt64,
        streams: [String]
    ) {
        self.step = step
        self.network = network
        self.values = values
        self.noiseLevels = noiseLevels
        self.seed = seed
        self.streams = streams
    }

    /// One sentence: in which step what was not finite.
    public var description: String {
        let found = values.filter { !$0.value.isFinite }.sorted { $0.key < $1.key }
            .map { "`\($0.key)` is \($0.value)" }
        return "In step \(step) \(found.joined(separator: ", ")): the update of the \(network) is skipped."
    }
}

/// What is kept of the faults that ended a run, or made it go back to a checkpoint: `faults/step-000000123.json`.
struct FaultEvidence: Codable {
    /// The step at which the run gave up.
    var step: Int
    /// What was measured of the weights there that is not finite, where no update was skipped.
    var measured: [String: Double]?
    /// The faults of the last steps, one after another.
    var faults: [TrainingFault]
    /// What the recipe's learning rates were multiplied by.
    var learningRateFactor: Double
    /// The step of the checkpoint that the run went back to; none if it stopped.
    var wentBackTo: Int?
}
