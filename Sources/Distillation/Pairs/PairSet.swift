// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Torch
import Weights

/// The pairs `(z_ref, y_ref)` of the regression loss: noise, and the image that the teacher's deterministic sampler
/// makes of it. Source: DMD, section 3.3 (arXiv 2311.18828).
///
/// Images stay in their files, of which memory holds no more than the system sees fit; the noise is drawn anew for each batch.
public struct PairSet {
    /// Some pairs, all `[N, ...]` on one device.
    public struct Batch {
        /// Unit normal noise `[N, C, H, W]`.
        public let z: Tensor
        /// What each pair is conditioned on, `[N, ...]`; nil without conditions.
        public let condition: Tensor?
        /// The teacher's images `[N, C, H, W]`, float32 in [-1, 1], or its latents.
        public let images: Tensor
    }

    /// What the set is made of.
    public let description: PairDescription
    /// The image of a pair, in the type of its file.
    private let image: (Int) -> Tensor
    private let conditions: (any Conditions)?

    /// Opens a folder that ``PairWriter`` filled, and compares every file with its sum.
    ///
    /// - Parameters:
    ///   - folder: the folder.
    ///   - conditions: the prompts that the pairs are of; classes need none.
    /// - Throws: ``PairError``, also if a part of the set is not yet made.
    public init(_ folder: URL, conditions: (any Conditions)? = nil) throws {
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
        let shards = try files.map { try $0.checked() }
        let shardSize = description.shardSize
        image = { index in
            guard let image = try? shards[index / shardSize].row(index % shardSize, of: "images") else {
                preconditionFailure("the image of pair \(index) was there when the folder was opened")
            }
            return image
        }
        self.conditions = conditions
    }

    /// A set in memory.
    ///
    /// - Parameters:
    ///   - description: what it is made of.
    ///   - images: what the teacher made of ``PairDescription``'s noise, in order, `[count, C, H, W]`.
    ///   - conditions: the prompts that the pairs are of; classes need none.
    public init(_ description: PairDescription, images: Tensor, conditions: (any Conditions)? = nil) {
        precondition(
            images.shape == [description.count] + description.sampleShape,
            "images of shape \(images.shape) are not the \(description.count) described")
        self.description = description
        self.conditions = conditions
        image = { images.selected(dim: 0, index: $0) }
    }

    /// The pairs of the given indices.
    public func pairs(at indices: some Collection<Int>, device: Device = .cpu) -> Batch {
        Batch(
            z: description.noise(at: indices).to(device),
            condition: description.condition(at: indices, of: conditions)?.to(device),
            images: Tensor.stacked(indices.map(image)).to(.float32).to(device))
    }

    /// The pairs of a training step. Every epoch takes all pairs once, in an order of its own that depends on nothing
    /// but the seed and the epoch.
    ///
    /// - Parameters:
    ///   - size: the number of pairs, at least 1.
    ///   - seed: the seed of the run, not that of the pairs.
    public func batch(_ size: Int, step: Int, seed: UInt64, device: Device = .cpu) -> Batch {
        let positions = step * size..<(step + 1) * size
        let orders =
            (positions.lowerBound / description.count...(positions.upperBound - 1) / description.count)
            .flatMap { epoch in
                var stream = RandomStream(seed: seed, purpose: "distill.pair", step: epoch)
                return stream.permutation(description.count).array(as: Int.self)
            }
        let start = positions.lowerBound % description.count
        return pairs(at: orders[start..<start + size], device: device)
    }
}
