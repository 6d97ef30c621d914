// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import Torch

/// The scores of an evaluation that LPIPS tells.
struct PerceptualScores {
    /// The weights.
    let provenance: LPIPSProvenance
    private let distance: LPIPS
    private let device: Device
    private let context: JobContext

    /// Loads the weights.
    init(weights: URL, device: Device, _ context: JobContext) throws {
        distance = try LPIPS(weights: weights, device: device)
        provenance = try LPIPSProvenance(weights)
        (self.device, self.context) = (device, context)
    }

    /// How different the images of a class are; nil without classes, with one of fewer than two images, and for images too small for LPIPS.
    ///
    /// - Parameter seed: the random seed of the pairs.
    func withinClasses(of source: ImageSource, seed: UInt64) throws -> NamedScore? {
        guard let classes = source.classes, classes.allSatisfy({ $0.count >= 2 }), VGG16.takes(source.shape)
        else {
            return nil
        }
        let pairs = max(1, min(100, 1_000 / classes.count))
        var progress = context.counter("LPIPS", total: pairs * classes.count, unit: "pair")
        var done = 0
        let diversity = try intraClassDiversity(
            classes: classes, pairs: pairs, batch: 50, seed: seed,
            images: { numbers in
                try context.check()
                return try source.levels(numbers).to(device).to(.float32) / 127.5 - 1
            },
            distance: { first, second in
                done += first.shape[0]
                progress.update(done)
                return inParts(first, second) { distance($0, $1) }
            })
        progress.finish()
        return NamedScore(.intraClassLPIPS, diversity.overall)
    }

    /// How far a model's images are from those of its teacher of the same noise.
    ///
    /// - Throws: ``KitError`` for images too small for LPIPS.
    func sameNoise(_ subject: ImageMaker, _ teacher: ImageMaker) throws -> NamedScore {
        guard VGG16.takes(subject.imageShape) else {
            throw KitError(
                "LPIPS takes images of \(VGG16.smallestSide) pixels or more a side, and the model makes smaller ones: leave out `teacher`."
            )
        }
        return NamedScore(
            .sameNoiseLPIPS,
            try sameNoiseDistance(subject, teacher, distance, between: { _ in try context.check() }))
    }
}

/// The mean LPIPS between the first 200 images of two models of the same noise, and its standard error.
///
/// - Parameter between: hears how many pairs are done; what it throws ends the work.
func sameNoiseDistance(
    _ a: ImageMaker, _ b: ImageMaker, _ lpips: LPIPS, between: (Int) throws -> Void = { _ in }
) rethrows -> Score {
    let (count, batch) = (200, min(a.batch, b.batch))
    var distances: [Double] = []
    for first in stride(from: 0, to: count, by: batch) {
        let range = first..<min(first + batch, count)
        distances += withoutGradients {
            inParts(a(range), b(range)) { lpips($0, $1) }
        }.array(as: Double.self)
        try between(range.upperBound)
    }
    return Score(meanOf: distances)
}
