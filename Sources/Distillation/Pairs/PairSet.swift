// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Diffusion
public import Foundation
import OrderedCollections
public import Torch
import Weights

/// The pairs `(z_ref, y_ref)` of the regression loss: noise, and the image that the teacher's deterministic sampler
/// makes of it. Source: DMD, section 3.3 (arXiv 2311.18828).
///
/// Images stay in their files, of which memory holds no more than the system sees fit; the noise is drawn anew for each batch.
public struct PairSet: Sendable {
    /// Some pairs, all `[N, ...]` on one device.
    public struct Batch: Sendable {
        /// Unit normal noise `[N, ...]`.
        public let z: Tensor
        /// What each pair is conditioned on; nil without conditions.
        public let condition: Condition?
        /// The teacher's samples `[N, ...]`, float32: images in [-1, 1], or latents.
        public let images: Tensor

    }

    /// What the stream is called that names the order of pairs.
    static let orderStream = "distill.pair"

    /// What the set is made of.
    public let description: PairDescription
    /// The image of a pair, in the type of its file.
    private let image: @Sendable (Int) throws -> Tensor
    private let conditions: (any ConditionSource)?

    /// Opens a folder that ``PairWriter`` filled. Each file's size and header are looked at now, and its sum when the first
    /// of its pairs is used: reading all of a large set takes hours.
    ///
    /// - Parameters:
    ///   - folder: the folder.
    ///   - conditions: the prompts that the pairs are of; classes need none.
    ///   - verifying: whether to compare all sums now.
    /// - Throws: ``PairError``, also if a part of the set is not yet made.
    public init(_ folder: URL, conditions: (any ConditionSource)? = nil, verifying: Bool = false) throws {
        guard let manifest = try PairManifest(in: folder) else {
            throw PairError.noPairs(folder: folder.relativePath, reason: "it has no pairs.json")
        }
        description = manifest.description
        let files = PairShard.all(of: description, in: folder)
        let made = files.filter(\.exists)
        guard made.count == files.count else {
            throw PairError.incomplete(
                folder: folder.relativePath, found: made.reduce(0) { $0 + $1.indices.count },
                expected: description.count)
        }
        let shards = try files.map { OpenPairShard($0, try $0.opened()) }
        if verifying { for shard in shards { try shard.verify() } }
        let shardSize = description.shardSize
        image = { index in try shards[index / shardSize].image(index % shardSize) }
        self.conditions = conditions
    }

    /// A set in memory.
    ///
    /// - Parameters:
    ///   - description: what it is made of.
    ///   - images: what the teacher made of ``PairDescription``'s noise, in order, `[count, ...]`.
    ///   - conditions: the prompts that the pairs are of; classes need none.
    public init(_ description: PairDescription, images: Tensor, conditions: (any ConditionSource)? = nil) {
        precondition(
            images.shape == [description.count] + description.sampleShape,
            "images of shape \(images.shape) are not the \(description.count) described")
        self.description = description
        self.conditions = conditions
        image = { images.selected(dim: 0, index: $0) }
    }

    /// The pairs of the given indices.
    ///
    /// - Throws: ``PairError/damaged(file:reason:)``.
    public func pairs(at indices: some Collection<Int>, device: Device = .cpu) throws -> Batch {
        Batch(
            z: description.noise(at: indices).to(device),
            condition: description.condition(at: indices, of: conditions)?.to(device),
            images: Tensor.stacked(try indices.map(image)).to(.float32).to(device))
    }

    /// Pairs of a training step. Every epoch takes all pairs once, in an order of its own that depends on nothing
    /// but the seed and the epoch.
    ///
    /// - Parameters:
    ///   - size: the number of pairs of a step, at least 1.
    ///   - step: the step, from 0.
    ///   - places: which of the step's pairs; all if not given.
    ///   - seed: the seed of the run, not that of the pairs.
    ///   - device: where the pairs are moved.
    /// - Throws: ``PairError/damaged(file:reason:)``.
    public func batch(
        _ size: Int, step: Int, seed: UInt64, places: Range<Int>? = nil, device: Device = .cpu
    ) throws -> Batch {
        let order = EpochOrder(count: description.count, seed: seed, purpose: Self.orderStream)
        let places = places ?? 0..<size
        let first = step * size
        return try pairs(
            at: order(first + places.lowerBound..<first + places.upperBound), device: device)
    }
}
