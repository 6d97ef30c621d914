// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// Where the images or statistics of an evaluation come from: all that it takes to have them again, and a sum by which to
/// know that they are the same.
public struct Provenance: Codable, Equatable, Sendable {
    /// What a path leads to.
    public enum Kind: String, Codable, Sendable {
        /// Weights that make images.
        case model
        /// A set of images.
        case images
        /// Mean and covariance of the features of images.
        case statistics
    }

    /// What the path leads to.
    public var kind: Kind
    /// As given, or `bundled:NAME`.
    public var path: String
    /// Of a model or of statistics, the file's SHA-256 sum, or that of the list of the sums of its parts' files; of images,
    /// that of the list of the images' sums, each over its levels, row by row and channel by channel.
    public var sha256: String
    /// The number of images.
    public var count: Int?
    /// A model's steps, 1 for a generator.
    public var steps: Int?
    /// How a model is sampled in several steps.
    public var sampler: SamplerSettings?
    /// How much prompts count, in a model of text.
    public var guidance: Double?
    /// The variant of the weights of a model of text, where one was named.
    public var variant: String?
    /// The side to which a set's images were cropped and resized.
    public var size: Int?
    /// Which part of a set that comes as two.
    public var split: String?

    /// Where something comes from; see the properties.
    public init(kind: Kind, path: String, sha256: String = "") {
        (self.kind, self.path, self.sha256) = (kind, path, sha256)
    }

    /// Whether images are made of prompts.
    public var isOfText: Bool { guidance != nil }
}

extension Provenance: CustomStringConvertible {
    /// Such as `10,000 images of teacher.safetensors in 18 steps of heun`.
    public var description: String {
        let count = count.map { "\($0.formatted()) images" }
        switch kind {
        case .model:
            let steps = steps ?? 1
            let way = steps == 1 ? "1 step" : "\(steps) steps of \(sampler?.name ?? "heun")"
            return "\(count ?? "images") of \(path) in \(way)"
        case .images: return "\(count ?? "images") of \(path)"
        case .statistics: return "statistics of \(count ?? "unknown images"), \(path)"
        }
    }
}
