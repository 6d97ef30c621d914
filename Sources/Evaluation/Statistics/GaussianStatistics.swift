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
    private static let addProduct = Operator("aten::addmm_")

    /// The number of vectors seen.
    public private(set) var count: Int
    /// Their mean, float64 `[D]`; zeros before the first.
    public private(set) var mean: Tensor
    private var scatter: Scatter

    /// A matrix that changes in place while only one value of this type holds it.
    private final class Scatter {
        let matrix: Tensor
        init(_ matrix: Tensor) { self.matrix = matrix }
    }

    /// Statistics of no vectors yet.
    ///
    /// - Parameter dimension: the length `D` of the vectors.
    public init(dimension: Int) {
        count = 0
        mean = .zeros([dimension], dtype: .float64)
        scatter = Scatter(.zeros([dimension, dimension], dtype: .float64))
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
        scatter = Scatter(covariance.detached().to(.cpu).to(.float64) * Double(count - 1))
    }

    /// Goes on from a ``state``; nil if it is not one.
    public init?(state: [String: Tensor]) {
        guard let count = state["count"], let mean = state["mean"], let matrix = state["scatter"],
            count.count == 1, count.item() >= 0, mean.rank == 1, mean.dtype == .float64,
            matrix.shape == [mean.count, mean.count], matrix.dtype == .float64
        else { return nil }
        self.count = Int(count.item())
        self.mean = mean.to(.cpu)
        scatter = Scatter(matrix.to(.cpu).cloned())
    }

    /// All there is to know, to be written to a file: `count`, `mean` and `scatter`.
    public var state: [String: Tensor] {
        ["count": Tensor([count]), "mean": mean, "scatter": scatter.matrix.cloned()]
    }

    /// The length `D` of the vectors.
    public var dimension: Int { mean.count }

    /// Whether there are too few vectors, no more than dimensions, for the covariance to have full rank.
    ///
    /// A Frechet distance on such statistics is finite but says more about the number of vectors than about
    /// their distribution: whoever shows it should say so.
    public var isRankDeficient: Bool { count <= dimension }

    /// The unbiased covariance, float64 `[D, D]`: the scatter over `count - 1`. Needs two vectors or more.
    public var covariance: Tensor {
        precondition(count >= 2, "\(count) vectors have no covariance")
        return scatter.matrix / Double(count - 1)
    }

    /// The normal distribution of the same mean and covariance. Needs two vectors or more.
    public var gaussian: Gaussian { Gaussian(mean: mean, covariance: covariance) }

    /// Takes in more vectors.
    ///
    /// - Parameter features: `[N, D]`, any floating-point type, any `N`.
    public mutating func add(_ features: Tensor) {
        precondition(
            features.rank == 2 && features.shape[1] == mean.count,
            "features are [N, \(mean.count)], not \(features.shape)")
        guard features.shape[0] > 0 else { return }
        let x = features.detached().to(.cpu).to(.float64)
        let mean = x.mean(dims: [0])
        join(count: x.shape[0], mean: mean, centred: x - mean)
    }

    /// Takes in what other statistics have seen, as if this one had seen it.
    ///
    /// - Parameter other: statistics of other vectors of the same length.
    public mutating func merge(_ other: GaussianStatistics) {
        guard other.count > 0 else { return }
        makeUnique()
        var matrix = scatter.matrix
        matrix += other.scatter.matrix
        join(count: other.count, mean: other.mean, centred: nil)
    }

    /// Moves the mean and adds to the scatter the products of the chunk's centred vectors and, as of one vector more, of
    /// the step between the means: one product that changes the matrix in place.
    private mutating func join(count added: Int, mean other: Tensor, centred: Tensor?) {
        let total = Double(count + added)
        let step = other - mean
        let between = (step * (Double(count) * Double(added) / total).squareRoot()).unsqueezed(0)
        let rows = centred.map { Tensor.concatenated([$0, between]) } ?? between
        makeUnique()
        _ = Self.addProduct(.tensor(scatter.matrix), .tensor(rows.transposed(0, 1)), .tensor(rows))
        mean = mean + step * (Double(added) / total)
        count += added
    }

    private mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&scatter) { scatter = Scatter(scatter.matrix.cloned()) }
    }
}
