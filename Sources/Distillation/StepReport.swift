// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch
public import Training

/// What one step of distillation measured. All are tensors without dimensions, which nobody has waited for: reading
/// one with `item()` does.
public struct StepReport: TrainingReport {
    /// The samples `[N, ...]` that this process's generator made and was judged by, without gradient.
    public let images: Tensor
    /// What was not finite; the update that would have followed, and those after it in the step, were not made.
    public private(set) var fault: TrainingFault?
    private let ofGenerator: [String: Tensor]
    /// Of each of the critic's updates.
    private var ofCritic: [[String: Tensor]] = []

    /// By the tags of the log: of each term `loss/NAME` and whatever else it measured, and the norms of the gradients before
    /// clipping, `norm/generator` and `norm/critic`. Those of the critic are means over its updates.
    public var measured: [String: Tensor] {
        var means: [String: Tensor] = [:]
        for tag in ofCritic.first?.keys ?? [:].keys {
            let values = ofCritic.compactMap { $0[tag] }
            means[tag] = Tensor.stacked(values).sum() / Double(values.count)
        }
        return ofGenerator.merging(means) { $1 }
    }

    init<Teacher>(
        _ update: UpdateReport<GeneratorTurn<Teacher>.Result>, _ randomness: StepRandomness, streams: [String]
    ) {
        images = .concatenated(update.results.map(\.samples.tensor))
        ofGenerator = update.scalars
        fault = update.fault.map {
            TrainingFault(
                of: "generator", $0, update.results.compactMap(\.sigma), randomness, streams: streams)
        }
    }

    /// Adds an update of the critic.
    mutating func add(
        _ update: UpdateReport<Tensor?>, _ randomness: StepRandomness, streams: [String]
    ) {
        ofCritic.append(update.scalars)
        fault = update.fault.map {
            TrainingFault(of: "critic", $0, update.results.compactMap(\.self), randomness, streams: streams)
        }
    }
}

extension TrainingFault {
    /// A fault in one of a step's turns, with the draws that it was made of.
    fileprivate init(
        of network: String, _ values: [String: Double], _ sigmas: [Tensor], _ randomness: StepRandomness,
        streams: [String]
    ) {
        self.init(
            step: randomness.step + 1, network: network, values: values,
            noiseLevels: sigmas.flatMap { $0.array(as: Double.self) }, seed: randomness.seed,
            streams: randomness.streams + streams)
    }
}
