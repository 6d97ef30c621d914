// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Torch

/// Mean and covariance of feature vectors, kept in groups as well, so that a ``frechetDistance(_:_:)` has a
/// standard error.
///
/// Which group a vector goes to depends on its number alone, whatever the chunks, and not in any regular way: groups are
/// alike also where images are sorted by class, or take classes in turn. Memory is that of K covariances, however many vectors there are: 335 MB for ten groups of 2048
/// features.
public struct GroupedStatistics {
    /// The statistics of each group.
    public private(set) var groups: [GaussianStatistics]
    /// Vectors that wait until they make a good block.
    private var waiting: [Tensor] = []
    private var waitingCount = 0
    /// The number of vectors that are in groups.
    private var placed = 0

    /// Vectors a group that make a block: a product that large costs more than reading and writing the matrix.
    private static let block = 256

    /// Statistics of no vectors yet.
    ///
    /// - Parameters:
    ///   - dimension: the length of the vectors.
    ///   - groups: the number of groups, at least 2.
    public init(dimension: Int, groups: Int = 10) {
        precondition(groups >= 2, "\(groups) groups have no spread")
        self.groups = Array(repeating: GaussianStatistics(dimension: dimension), count: groups)
    }

    /// The number of vectors seen.
    public var count: Int { placed + waitingCount }

    /// The length of the vectors.
    public var dimension: Int { groups[0].dimension }

    /// Takes in more vectors.
    ///
    /// - Parameter features: `[N, D]`, any floating-point type, any `N`.
    public mutating func add(_ features: Tensor) {
        precondition(
            features.rank == 2 && features.shape[1] == dimension,
            "features are [N, \(dimension)], not \(features.shape)")
        waiting.append(features.detached().to(.cpu))
        waitingCount += features.shape[0]
        if waitingCount >= Self.block * groups.count { place() }
    }

    /// The statistics of all vectors.
    public var total: GaussianStatistics {
        var placed = self
        placed.place()
        var total = GaussianStatistics(dimension: dimension)
        for group in placed.groups { total.merge(group) }
        return total
    }

    /// The statistics of all vectors but those of one group, for each group; nil if some would be of fewer than two vectors,
    /// which have no covariance.
    ///
    /// - Parameter body: called with one after another, so that only one is in memory.
    func leavingOutEach<R>(_ body: (GaussianStatistics) -> R) -> [R]? {
        var placed = self
        placed.place()
        guard placed.groups.allSatisfy({ placed.count - $0.count >= 2 }) else { return nil }
        return placed.groups.indices.map { left in
            var others = GaussianStatistics(dimension: dimension)
            for (index, group) in placed.groups.enumerated() where index != left { others.merge(group) }
            return body(others)
        }
    }

    /// Goes on from a ``state``; nil if it is not one.
    public init?(state: [String: Tensor]) {
        guard let count = state["groups"], count.count == 1, count.item() >= 2 else { return nil }
        groups = []
        for index in 0..<Int(count.item()) {
            let prefix = "\(index)."
            let part = state.filter { $0.key.hasPrefix(prefix) }.map {
                (String($0.key.dropFirst(prefix.count)), $0.value)
            }
            guard let group = GaussianStatistics(state: Dictionary(uniqueKeysWithValues: part)) else {
                return nil
            }
            groups.append(group)
        }
        guard Set(groups.map(\.dimension)).count == 1 else { return nil }
        placed = groups.reduce(0) { $0 + $1.count }
    }

    /// All there is to know, to be written to a file.
    public var state: [String: Tensor] {
        var placed = self
        placed.place()
        var state = ["groups": Tensor([groups.count])]
        for (index, group) in placed.groups.enumerated() {
            for (name, tensor) in group.state { state["\(index).\(name)"] = tensor }
        }
        return state
    }

    /// The output function of SplitMix64: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
    private func group(of number: Int) -> Int {
        var bits = UInt64(number) &* 0x9e37_79b9_7f4a_7c15
        bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((bits ^ (bits >> 31)) % UInt64(groups.count))
    }

    private mutating func place() {
        guard waitingCount > 0 else { return }
        let features = Tensor.concatenated(waiting)
        (waiting, waitingCount) = ([], 0)
        for index in groups.indices {
            let members = (0..<features.shape[0]).filter { group(of: placed + $0) == index }
            if !members.isEmpty { groups[index].add(features.indexed(by: Tensor(members))) }
        }
        placed += features.shape[0]
    }
}
