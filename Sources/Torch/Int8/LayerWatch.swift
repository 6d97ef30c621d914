// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Synchronization

/// What a layer is seen to do while numbers of eight bits are chosen for it.
final class LayerWatch: Sendable {
    /// What all inputs had in common.
    private struct Seen {
        var least = Double.infinity
        var most = -Double.infinity
        var samples: [Tensor] = []
        /// Rows that the weights were multiplied with.
        var rows = 0
        /// The sum of what is lacking in each channel of the outputs, and over how many rows.
        var lack: Tensor?
    }

    private let seen = Mutex(Seen())
    /// Numbers to compare with, once they are there.
    private let product: Int8Product?

    /// - Parameter product: what is compared with the layer's own products; nil to look at the inputs.
    init(_ product: Int8Product? = nil) { self.product = product }

    /// The layer's product, as it is.
    func see(_ x: Tensor, floats: (Tensor) -> Tensor) -> Tensor {
        let y = floats(x)
        if let product {
            guard let near = product(x) else { return y }
            let difference = y - near
            let lack =
                x.rank == 4 ? difference.sum(dims: [0, 2, 3]) : difference.sum(dims: Array(0..<x.rank - 1))
            seen.withLock { seen in
                seen.lack = seen.lack.map { $0 + lack } ?? lack
                seen.rows += y.count / lack.count
            }
        } else {
            let (least, most, sample) = (x.min().item(), x.max().item(), Self.sample(of: x))
            seen.withLock { seen in
                (seen.least, seen.most) = (min(seen.least, least), max(seen.most, most))
                seen.samples.append(sample)
                // A vector for each image, such as the noise level, is no work worth saving.
                if x.rank > 2 {
                    seen.rows += x.rank == 4 ? y.count / y.shape[1] : y.count / y.shape[x.rank - 1]
                }
            }
        }
        return y
    }

    /// Up to 4096 of the values, float32.
    private static func sample(of x: Tensor) -> Tensor {
        // An odd step meets all channels, whose number is mostly even.
        let step = max(1, x.count / 4096) | 1
        let flat = x.detached().reshaped([x.count])
        let count = x.count / step
        guard count > 0 else { return flat }
        // A copy, so that the inputs themselves are not kept in memory.
        return flat.narrowed(dim: 0, start: 0, count: count * step).reshaped([count, step])
            .selected(dim: 1, index: 0).to(.float32).cloned()
    }

    /// How many rows the weights were multiplied with; vectors for each image do not count.
    var rows: Int { seen.withLock(\.rows) }

    /// The range for which rounding and clamping to 256 numbers change the inputs the least, in the mean of squares.
    var bestRange: ClosedRange<Double> {
        let (least, most, samples) = seen.withLock { (min($0.least, 0), max($0.most, 0), $0.samples) }
        let values = Tensor.concatenated(samples, dim: 0)
        func error(_ range: ClosedRange<Double>) -> Double {
            let scale = max((range.upperBound - range.lowerBound) / 255, 1e-12)
            let near =
                (values.clamped(min: range.lowerBound, max: range.upperBound) / scale).rounded() * scale
            return near.meanSquaredError(to: values).item()
        }
        let shares = stride(from: 1.0, to: 0.3, by: -0.05)
        let high = shares.map { $0 * most }.min { error(least...$0) < error(least...$1) } ?? most
        let low = shares.map { $0 * least }.min { error($0...high) < error($1...high) } ?? least
        return low...high
    }

    /// What the numbers' products lack in each channel on average, `[outputs]`.
    var meanLack: Tensor? { seen.withLock { seen in seen.lack.map { $0 / Double(seen.rows) } } }
}
