// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// The density ratios that a discriminator's logits stand for, `r = p_data / p_fake = exp(l)`, and the weights of a divergence, both
/// brought to a mean of one.
///
/// Ratios have a mean of one over generated samples, at each noise level, and those of a discriminator under training do not. They are
/// divided by moving means of earlier steps, one for each tenth of the schedule, so that no sample's weight depends on its batch; the
/// weights `h(r)` by one for all. Source: f-distill, section 4 (arXiv 2502.15681), where the means are those of a batch.
final class DensityRatios: Module {
    private static let bins = 10
    private static let rate = 0.9
    /// The mean ratio in each part of the schedule.
    private let ratios = Tensor.ones([bins], dtype: .float64)
    /// The mean weight.
    private let weight = Tensor.ones([], dtype: .float64)

    var children: [Child] { [.buffer("ratios", ratios), .buffer("weight", weight)] }

    /// The weight of each sample, `[N]`, a constant.
    ///
    /// - Parameters:
    ///   - divergence: whose weight.
    ///   - logits: `[N, K]`.
    ///   - positions: where in the schedule each sample's level is, from 0 to 1, `[N]` on the CPU.
    func weights(_ divergence: Divergence, logits: Tensor, positions: Tensor) -> Tensor {
        withoutGradients { divergence.weight(balanced(logits, positions)) / weight.item() }
    }

    /// Moves the means towards those of a step.
    ///
    /// - Parameters:
    ///   - divergence: whose weight.
    ///   - parts: logits and positions of this process's samples.
    ///   - processes: those that share the step.
    func update(
        _ divergence: Divergence, _ parts: [(logits: Tensor, positions: Tensor)], _ processes: Communicator
    ) throws {
        try withoutGradients {
            let logits = try processes.concatenated(.concatenated(parts.map(\.logits))).to(.cpu)
            let positions = try processes.concatenated(.concatenated(parts.map(\.positions)))
            let newWeight = divergence.weight(balanced(logits, positions)).mean().item()
            weight.fill(Self.moved(weight.item(), to: newWeight))
            let found = zip(Self.raw(logits).array(as: Double.self), Self.bins(positions))
            let means = ratios.array(as: Double.self).enumerated().map { bin, mean in
                let values = found.filter { $0.1 == bin }.map(\.0)
                return values.isEmpty
                    ? mean : Self.moved(mean, to: values.reduce(0, +) / Double(values.count))
            }
            ratios.copy(from: Tensor(means))
        }
    }

    /// Ratios with a mean of about one.
    private func balanced(_ logits: Tensor, _ positions: Tensor) -> Tensor {
        let means = ratios.array(as: Double.self)
        let divisors = Tensor(Self.bins(positions).map { means[$0] }).to(logits.dtype).to(logits.device)
        return (Self.raw(logits) / divisors).clamped(min: 0.1, max: 20)
    }

    private static func raw(_ logits: Tensor) -> Tensor {
        logits.mean(dims: [1]).clamped(min: -10, max: 10).exp()
    }

    private static func bins(_ positions: Tensor) -> [Int] {
        positions.array(as: Double.self).map { min(max(Int($0 * Double(bins)), 0), bins - 1) }
    }

    private static func moved(_ mean: Double, to value: Double) -> Double {
        rate * mean + (1 - rate) * value
    }
}
