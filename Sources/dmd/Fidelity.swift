// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Foundation
import Images
import Metrics
import Torch
import Training

/// How far images are from those of a set: Frechet's distance on VGG16's features. It is not FID, see `VGGFeatures`, and
/// compares only between equal numbers of images.
struct Fidelity {
    private let features: VGGFeatures
    private let reference: GaussianStatistics
    private static let batch = 128

    /// Takes the statistics of the first `count` images of a set.
    init(to images: any ImageDataset, count: Int, weights: URL, device: Device) throws {
        features = try VGGFeatures(weights: weights, resize: nil, device: device)
        reference = try Fidelity.statistics(min(count, images.count), title: "reference", features) {
            try images.images(at: Array($0)).to(device)
        }
    }

    /// The distance of `count` images, which `make` makes by number as `[N, C, H, W]` in [-1, 1].
    ///
    /// - Parameter title: what the display of progress calls them.
    func distance(of count: Int, title: String, _ make: (Range<Int>) throws -> Tensor) throws -> Double {
        let statistics = try Fidelity.statistics(count, title: title, features) {
            // As in a picture's file: 256 levels.
            try ((make($0).clamped(min: -1, max: 1) + 1) * 127.5 + 0.5).to(.uint8)
        }
        return frechetDistance(statistics, reference)
    }

    private static func statistics(
        _ count: Int, title: String, _ features: VGGFeatures, _ levels: (Range<Int>) throws -> Tensor
    ) throws -> GaussianStatistics {
        var statistics = GaussianStatistics(dimension: VGGFeatures.count)
        var progress = ProgressReport(title, total: count, unit: "image")
        for first in stride(from: 0, to: count, by: batch) {
            let range = first..<min(first + batch, count)
            let images = try levels(range).to(.float32) / 127.5 - 1
            statistics.add(withoutGradients { inParts(images) { images, _ in features(images) } })
            progress.update(range.upperBound)
        }
        progress.finish()
        return statistics
    }
}
