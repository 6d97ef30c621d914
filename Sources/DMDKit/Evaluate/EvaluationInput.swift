// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Images

/// One of the things that an evaluation compares, opened.
struct EvaluationInput {
    enum Content {
        case model((_ seed: UInt64) -> ImageMaker)
        case images(any ImageDataset)
        case statistics(ReferenceStatistics)
    }

    let content: Content
    /// Without the sum of images, which is known once they have been looked at.
    let provenance: Provenance

    var isModel: Bool { provenance.kind == .model }

    /// The shape of the images `[C, H, W]`; nil of statistics.
    var shape: [Int]? {
        switch content {
        case .model(let maker): maker(0).imageShape
        case .images(let dataset): dataset.imageShape
        case .statistics: nil
        }
    }

    /// Whether images have classes.
    var hasClasses: Bool {
        switch content {
        case .model(let maker): maker(0).classCount > 0
        case .images(let dataset): dataset.labels != nil
        case .statistics: false
        }
    }

    /// The images of a seed; nil of statistics.
    func source(seed: UInt64) -> ImageSource? {
        let count = provenance.count ?? 0
        return switch content {
        case .model(let maker): ImageSource(maker(seed), count: count)
        case .images(let dataset): ImageSource(dataset, count: count)
        case .statistics: nil
        }
    }

    /// - Throws: ``KitError`` if there are fewer than two images.
    func requireCovariance() throws {
        guard (provenance.count ?? 2) >= 2 else {
            throw KitError(
                "\(provenance.path) has fewer than 2 images, of which there is no covariance: give more.")
        }
    }
}
