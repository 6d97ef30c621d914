// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Vectors of a set with the distances of each to its nearest neighbours in the set: balls that together stand for where
/// the set lies, as ``precisionAndRecall(of:against:neighbours:)`` and its kin need them.
///
/// Made once of a reference, it serves any number of comparisons. It takes the time of all distances within the set, and
/// beside the vectors memory that does not grow with their number.
public struct Manifold {
    /// `[N, D]`, float32.
    public let features: Tensor
    /// The distances to the nearest, the next, and so on, `[N, K]`, ascending.
    private let distances: Tensor

    /// - Parameters:
    ///   - features: `[N, D]`, N more than `neighbours`.
    ///   - neighbours: for how many neighbours balls may be asked for.
    public init(_ features: Tensor, neighbours: Int = 5) {
        precondition(
            features.rank == 2 && neighbours >= 1 && features.shape[0] > neighbours,
            "\(features.shape) are not more than \(neighbours) vectors [N, D]")
        let vectors = features.detached().to(.float32).contiguous()
        let rows = blocks(of: vectors).map { row in
            // The nearest of each vector is the vector itself.
            var nearest: Tensor?
            for column in blocks(of: vectors) {
                let distances = distance(.tensor(row), .tensor(column))
                let candidates = nearest.map { .concatenated([$0, distances], dim: 1) } ?? distances
                nearest = Manifold.smallest(min(neighbours + 1, candidates.shape[1]), of: candidates)
            }
            return nearest ?? row
        }
        self.features = vectors
        distances = Tensor.concatenated(rows).narrowed(dim: 1, start: 1, count: neighbours)
    }

    /// The number of vectors.
    public var count: Int { features.shape[0] }

    /// The distance of each vector to its `k`-th nearest neighbour, the vector itself not counted, `[N]`.
    func radii(_ k: Int) -> Tensor {
        precondition(
            (1...distances.shape[1]).contains(k), "balls reach to neighbours 1 to \(distances.shape[1])")
        return distances.selected(dim: 1, index: k - 1)
    }

    private static let topK = Operator("aten::topk")

    /// The smallest of each row, ascending.
    private static func smallest(_ count: Int, of rows: Tensor) -> Tensor {
        topK.many(.tensor(rows), .int(count), 1, false, true)[0]
    }
}

/// Distances of all pairs of rows.
private let distance = Operator("aten::cdist")
/// Vectors a side of a block of distances: 64 MB.
private let blockSize = 4096

private func blocks(of features: Tensor) -> [Tensor] {
    features.chunked((features.shape[0] + blockSize - 1) / blockSize)
}

/// Calls `body` with each block of the distances of `rows` to `columns`, by rows, and the places of its first.
func eachBlock(
    of rows: Tensor, to columns: Tensor, _ body: (_ distances: Tensor, _ row: Int, _ column: Int) -> Void
) {
    precondition(
        rows.shape[1] == columns.shape[1], "vectors of \(rows.shape[1]) and \(columns.shape[1]) numbers")
    var row = 0
    for part in blocks(of: rows) {
        var column = 0
        for other in blocks(of: columns) {
            body(distance(.tensor(part), .tensor(other)), row, column)
            column += other.shape[0]
        }
        row += part.shape[0]
    }
}
