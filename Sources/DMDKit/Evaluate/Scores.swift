// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import Torch

/// What images are compared with.
enum Reference {
    /// Images that were looked at.
    case images(FeatureStatistics)
    /// Those that someone has saved.
    case saved(ReferenceStatistics)

    var gaussian: Gaussian {
        switch self {
        case .images(let seen): seen.statistics.total.gaussian
        case .saved(let saved): saved.gaussian
        }
    }

    /// Whether there were too few images for the features; nil if their number is not known.
    var isRankDeficient: Bool? {
        switch self {
        case .images(let seen): seen.count <= seen.statistics.dimension
        case .saved(let saved): saved.isRankDeficient
        }
    }
}

/// The scores of images that features tell: those of distributions always, those of single vectors where both sides have
/// kept them; and that of prompts, where there are any.
func scores(of seen: FeatureStatistics, against reference: Reference) -> [NamedScore] {
    var scores = [NamedScore(.frechetDistance, frechetDistance(seen.statistics, reference.gaussian))]
    if let logits = seen.allLogits, logits.shape[0] >= 10 {
        scores.append(NamedScore(.inceptionScore, inceptionScore(logits: logits)))
    }
    if !seen.promptScores.isEmpty {
        scores.append(NamedScore(.clipScore, Score(meanOf: seen.promptScores)))
    }
    guard case .images(let others) = reference else { return scores }
    if let ours = seen.allFeatures, let theirs = others.allFeatures {
        scores += neighbourScores(ours, theirs.to(ours.device))
    }
    func drift(_ score: KeyPath<ColourStatistics, Score>) -> Score {
        let (ours, theirs) = (seen.colours[keyPath: score], others.colours[keyPath: score])
        let spread = (pow(ours.spread ?? 0, 2) + pow(theirs.spread ?? 0, 2)).squareRoot()
        return Score(ours.value - theirs.value, spread: spread)
    }
    return scores + [
        NamedScore(.brightnessDrift, drift(\.brightness)), NamedScore(.contrastDrift, drift(\.contrast)),
        NamedScore(.saturationDrift, drift(\.saturation)),
    ]
}

/// The scores of single vectors, as far as there are enough.
private func neighbourScores(_ ours: Tensor, _ theirs: Tensor) -> [NamedScore] {
    var scores: [NamedScore] = []
    let fewer = min(ours.shape[0], theirs.shape[0])
    let subset = min(1_000, fewer / 2)
    if subset >= 2 {
        scores.append(NamedScore(.kernelDistance, kernelDistance(ours, theirs, subsetSize: subset)))
    }
    guard fewer > 5 else { return scores }
    let (generated, real) = (Manifold(ours), Manifold(theirs))
    let (precision, recall) = precisionAndRecall(of: generated, against: real)
    let (density, coverage) = densityAndCoverage(of: ours, against: real)
    return scores + [
        NamedScore(.precision, precision), NamedScore(.recall, recall), NamedScore(.density, density),
        NamedScore(.coverage, coverage),
    ]
}
