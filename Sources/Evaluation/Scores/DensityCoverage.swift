// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Density and coverage: in how many real balls generated images lie, and the share of real balls that have one.
///
/// With `B(y)` the ball around a real vector `y` that reaches to its `k`-th neighbour, `n` generated vectors `x` and `m`
/// real ones,
///
///     density = sum_x |{y : x in B(y)}| / (k n),   coverage = |{y : some x in B(y)}| / m.
///
/// Naeem et al., "Reliable Fidelity and Diversity Metrics for Generative Models", arXiv 2002.09797. One outlier among the
/// real images does not raise them as it raises precision; density can be above 1. As in the authors' program, a vector on
/// the edge of a ball is outside.
///
/// - Parameters:
///   - generated: `[n, D]`.
///   - real: of real images.
///   - k: the neighbour that balls reach to.
/// - Returns: each with the standard error over the images that are counted, the other set held fixed: what a bootstrap
///   over those images tends to.
public func densityAndCoverage(
    of generated: Tensor, against real: Manifold, neighbours k: Int = 5
) -> (density: Score, coverage: Score) {
    let device = real.features.device
    let features = generated.detached().to(device).to(.float32)
    let radii = real.radii(k)
    let hits = Tensor.zeros([features.shape[0]], device: device)
    let nearest = Tensor.full([real.count], value: .infinity, device: device)
    eachBlock(of: features, to: real.features) { distances, row, column in
        let (height, width) = (distances.shape[0], distances.shape[1])
        let inside = distances .< radii.narrowed(dim: 0, start: column, count: width)
        var counts = hits.narrowed(dim: 0, start: row, count: height)
        counts += inside.to(.float32).sum(dims: [1])
        let least = nearest.narrowed(dim: 0, start: column, count: width)
        least.copy(from: minimum(.tensor(least), .tensor(smallest(.tensor(distances), .ints([0])))))
    }
    let covered = (nearest .< radii).to(.float64)
    return (
        Score(meanOf: hits.array(as: Double.self).map { $0 / Double(k) }),
        Score(meanOf: covered.array(as: Double.self))
    )
}

private let minimum = Operator("aten::minimum")
private let smallest = Operator("aten::amin")
