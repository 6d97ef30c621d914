// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Files
import Foundation

/// Where the images or statistics of one side come from: all that it takes to have them again, and a sum by which to know
/// that they are the same.
struct Origin: Codable, Equatable {
    /// What the path leads to.
    enum Kind: String, Codable {
        /// Weights that make images.
        case model
        /// A set of images.
        case images
        /// Mean and covariance of the features of images.
        case statistics
    }

    var kind: Kind
    /// As given, or `bundled:NAME`.
    var path: String
    /// Of a model or of statistics, the file's SHA-256 sum, or that of the list of the sums of its parts' files; of images,
    /// that of the list of the images' sums, each over its levels, row by row and channel by channel.
    var sha256: String
    /// The number of images.
    var count: Int?
    /// A model's steps, 1 for a generator.
    var steps: Int?
    /// How a model is sampled in several steps.
    var sampler: SamplerSettings?
    /// How much prompts count, in a model of text.
    var guidance: Double?
    /// The side to which a set's images were cropped and resized.
    var size: Int?
    /// Which part of a set that comes as two.
    var split: String?

    /// Whether images are made of prompts.
    var isOfText: Bool { guidance != nil }
}

extension Origin: CustomStringConvertible {
    var description: String {
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
