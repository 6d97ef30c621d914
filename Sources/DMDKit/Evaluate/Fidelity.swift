// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import Images
import Torch

/// How far the images of a run are from those of a set, on one network's features. It is not FID, and compares only between
/// equal numbers of images.
struct Fidelity {
    private let network: any FeatureNetwork
    private let reference: FeatureStatistics

    /// Looks at the first `count` images of a set.
    init(
        to images: any ImageDataset, count: Int, on network: any FeatureNetwork, _ context: JobContext
    ) throws {
        self.network = network
        reference = try FeatureExtractor(network: network, keepsFeatures: true, context: context)
            .statistics(of: ImageSource(images, count: count), title: "reference")
    }

    /// What the log tells of images on the way: `distance/frechet`, and where there are enough of them `distance/precision` and
    /// `distance/recall` beside as many of the set.
    ///
    /// - Parameter title: what progress calls them.
    func scalars(of source: ImageSource, title: String, _ context: JobContext) throws -> [String: Double] {
        let seen = try FeatureExtractor(network: network, keepsFeatures: true, context: context)
            .statistics(of: source, title: title)
        let distance = frechetDistance(seen.statistics.total, reference.statistics.total)
        var scalars = ["distance/frechet": distance]
        if let ours = seen.allFeatures, let theirs = reference.allFeatures,
            min(seen.count, reference.count) > 5
        {
            let count = min(seen.count, reference.count)
            let (precision, recall) = precisionAndRecall(
                of: Manifold(ours.narrowed(dim: 0, start: 0, count: count)),
                against: Manifold(theirs.narrowed(dim: 0, start: 0, count: count)))
            (scalars["distance/precision"], scalars["distance/recall"]) = (precision.value, recall.value)
        }
        return scalars
    }

    /// All scores that features tell of images.
    ///
    /// - Parameter title: what progress calls them.
    func scores(of source: ImageSource, title: String, _ context: JobContext) throws -> [NamedScore] {
        let seen = try FeatureExtractor(network: network, keepsFeatures: true, context: context)
            .statistics(of: source, title: title)
        return DMDKit.scores(of: seen, against: .images(reference))
    }
}
