// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Diffusion
import Evaluation
import Foundation
import Images
import Torch

/// How far the images of a run are from those of a set, on VGG16's features. It is not FID, see `VGGFeatures`, and
/// compares only between equal numbers of images.
struct Fidelity {
    private let network: VGGFeatures
    private let reference: Observations

    /// Looks at the first `count` images of a set.
    init(to images: any ImageDataset, count: Int, weights: URL, device: Device) throws {
        network = try VGGFeatures(weights: weights, resize: nil, device: device)
        reference = try Observer(network: network, keepsFeatures: true)
            .look(at: ImageSource(images, count: count), title: "reference")
    }

    /// The Frechet distance of images.
    ///
    /// - Parameter title: what the display of progress calls them.
    func distance(of source: ImageSource, title: String) throws -> Double {
        let seen = try Observer(network: network, keepsFeatures: false).look(at: source, title: title)
        return frechetDistance(seen.statistics.total, reference.statistics.total)
    }

    /// All scores that features tell of images.
    func scores(of source: ImageSource, title: String) throws -> [NamedScore] {
        let seen = try Observer(network: network, keepsFeatures: true).look(at: source, title: title)
        return dmd.scores(of: seen, against: .observed(reference))
    }
}
