// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Mean and covariance of feature vectors that arrive in chunks of any size.
///
/// Memory does not grow with the number of vectors. Beside the mean it holds the scatter `S`; two parts `A`
/// and `B`, of which a new chunk may be one, join by
///
///     S = sum (x - mean)(x - mean)^T
///     d = mean_B - mean_A,   mean = mean_A + d n_B / n,   S = S_A + S_B + d d^T n_A n_B / n,   n = n_A + n_B
///
/// which, unlike sums of squares, loses nothing when the mean is large. Chan, Golub and LeVeque, "Updating
/// Formulae and a Pairwise Algorithm for Computing Sample Variances", 1979. Everything is float64 on the CPU.
public struct GaussianStatistics {
    /// The number of vectors seen.
    public private(set) var count: Int
    /// Their mean, float64 `[D]`; zeros before the first.
    public private(set) var mean: Tensor
    private var scatter: Tensor

    /// Statistics of no vectors yet.
    ///
    /// - Parameter dimension: the length `D` of the vectors.
    public init(dimension: Int) {
        count = 0
        mean = .zeros([dimension], dtype: .float64)
        scatter = .zeros([dimension, dimension], dtype: .float64)
    }

    /// Statistics known from elsewhere, such as those of a reference set.
    ///
    /// - Parameters:
    ///   - mean: `[D]`.
    ///   - covariance: `[D, D]`, symmetric.
    ///   - count: the number of vectors they stand for, at least 2.
    public init(mean: Tensor, covariance: Tensor, count: Int) {
        precondition(
            mean.rank == 1 && covariance.shape == [mean.count, mean.count] && count >= 2,
            "no statistics of \(count) vectors have mean \(mean.shape) and covariance \(covariance.shape)")
        self.count = count
        self.mean = mean.detached().to(.cpu).to(.float64)
        scatter = covariance.detached().to(.cpu).to(.float64) * Double(count - 1)
    }

    /// The unbiased covariance, float64 `[D, D]`: the scatter over `count - 1`. Needs two vectors or more.
    public var covariance: Tensor {
        precondition(count >= 2, "\(count) vectors have no covariance")
        return scatter / Double(count - 1)
    }

    /// Takes in more vectors.
    ///
    /// - Parameter features: `[N, D]`, any floating-point type, any `N`.
    public mutating func add(_ features: Tensor) {
        precondition(
            features.rank == 2 && features.shape[1] == mean.count,
            "features are [N, \(mean.count)], not \(features.shape)")
        guard features.shape[0] > 0 else { return }
        let x = features.detached().to(.cpu).to(.float64)
        var chunk = GaussianStatistics(dimension: mean.count)
        chunk.count = x.shape[0]
        chunk.mean = x.mean(dims: [0])
        let centred = x - chunk.mean
        chunk.scatter = centred.transposed(0, 1).matmul(centred)
        merge(chunk)
    }

    /// Takes in what other statistics have seen, as if this one had seen it.
    ///
    /// - Parameter other: statistics of other vectors of the same length.
    public mutating func merge(_ other: GaussianStatistics) {
        guard other.count > 0 else { return }
        let total = Double(count + other.count)
        let step = other.mean - mean
        mean = mean + step * (Double(other.count) / total)
        scatter =
            scatter + other.scatter
            + step.unsqueezed(1).matmul(step.unsqueezed(0)) * (Double(count) * Double(other.count) / total)
        count += other.count
    }
}
