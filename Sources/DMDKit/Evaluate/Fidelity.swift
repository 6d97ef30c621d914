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

    /// The Frechet distance of images.
    ///
    /// - Parameter title: what progress calls them.
    func distance(of source: ImageSource, title: String, _ context: JobContext) throws -> Double {
        let seen = try FeatureExtractor(network: network, keepsFeatures: false, context: context)
            .statistics(of: source, title: title)
        return frechetDistance(seen.statistics.total, reference.statistics.total)
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
