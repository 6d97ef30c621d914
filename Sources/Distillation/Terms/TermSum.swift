// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Torch

/// A part of a batch's share in the sum of the terms, and in what they measured.
struct TermSum {
    private var losses: [Tensor] = []
    private(set) var scalars: [String: Tensor] = [:]

    /// Adds what a term measured.
    ///
    /// - Parameter total: the number of losses of the whole batch, which the part's share is of.
    mutating func add(_ value: TermValue, _ name: String, weight: Double, of total: Int) {
        func share(_ values: Tensor) -> Tensor { values.sum() / Double(total) }
        let mean = share(value.loss)
        losses.append(mean * weight)
        scalars["loss/\(name)"] = mean.detached()
        for (tag, values) in value.scalars { scalars[tag] = share(values.detached()) }
    }

    /// The share in the loss.
    var loss: Tensor { losses.dropFirst().reduce(losses[0]) { $0 + $1 } }
}
