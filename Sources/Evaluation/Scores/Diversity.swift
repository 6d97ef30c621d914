// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// How different images of one class are from each other.
public struct Diversity: Sendable {
    /// The mean over classes.
    public let overall: Score
    /// The mean over the pairs of each class, in the order of the classes.
    public let classes: [Score]
}

/// Intra-class diversity: the mean distance of random pairs of images of one class, usually by ``LPIPS``, averaged over
/// classes. A generator that has collapsed within a class shows here and not in distances between sets.
///
/// Zhang et al., arXiv 1801.03924, for the distance; pairs of one class as in Ojha et al., "Few-shot Image Generation via
/// Cross-domain Correspondence", arXiv 2104.06820. Pairs come from a random order of the class's images, first with
/// second, third with fourth, so that they share no image until all have been used; then from another order.
///
/// - Parameters:
///   - classes: the numbers of the images of each class, at least two a class.
///   - pairs: how many pairs of each class.
///   - batch: how many pairs are compared at once.
///   - seed: names the pairs.
///   - images: makes or reads images by their numbers, `[n, C, H, W]`.
///   - distance: of each of some pairs, `[n]`.
/// - Returns: the means, with the standard error of each as if pairs were independent, which they are while they share no
///   image.
public func intraClassDiversity(
    classes: [[Int]], pairs: Int = 200, batch: Int = 16, seed: UInt64 = 0,
    images: ([Int]) throws -> Tensor, distance: (Tensor, Tensor) throws -> Tensor
) rethrows -> Diversity {
    precondition(
        !classes.isEmpty && classes.allSatisfy { $0.count >= 2 } && pairs >= 1 && batch >= 1,
        "pairs need a class, two images of each class and a batch")
    let scores = try classes.enumerated().map { index, members in
        let chosen = chosenPairs(pairs, among: members, seed: seed, step: index)
        var distances: [Double] = []
        for start in stride(from: 0, to: pairs, by: batch) {
            let part = chosen[start..<min(start + batch, pairs)]
            let (first, second) = (try images(part.map(\.0)), try images(part.map(\.1)))
            distances += try withoutGradients { try distance(first, second).array(as: Double.self) }
        }
        return Score(meanOf: distances)
    }
    let count = Double(scores.count)
    let variances = scores.compactMap(\.spread).map { $0 * $0 }
    let spread = variances.count == scores.count ? variances.reduce(0, +).squareRoot() / count : nil
    return Diversity(
        overall: Score(scores.reduce(0) { $0 + $1.value } / count, spread: spread), classes: scores)
}

private func chosenPairs(_ count: Int, among members: [Int], seed: UInt64, step: Int) -> [(Int, Int)] {
    var stream = RandomStream(seed: seed, purpose: "diversity", step: step)
    var pairs: [(Int, Int)] = []
    while pairs.count < count {
        let order = stream.permutation(members.count).array(as: Int.self).map { members[$0] }
        pairs += stride(from: 0, to: order.count - 1, by: 2).map { (order[$0], order[$0 + 1]) }
    }
    return Array(pairs.prefix(count))
}
