// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import Torch

/// A score under the name that cards and tables know it by.
struct NamedScore: Codable, Equatable {
    let name: ScoreName
    let value: Double
    /// How far it may be off; see the score's function in module `Metrics` for what it is.
    let spread: Double?

    init(_ name: ScoreName, _ score: Score) { (self.name, value, spread) = (name, score.value, score.spread) }

    /// The value and its spread.
    var text: String {
        String(format: "%.4f", value) + (spread.map { String(format: " ± %.4f", $0) } ?? "")
    }
}

/// All scores there are, in the order of tables.
enum ScoreName: String, Codable, CaseIterable {
    case frechetDistance, kernelDistance, inceptionScore, precision, recall, density, coverage
    case brightnessDrift, contrastDrift, saturationDrift, intraClassLPIPS, sameNoiseLPIPS, clipScore

    /// What people call it. FID, KID and the Inception score are names for features of the published Inception alone.
    func title(isFID: Bool) -> String {
        switch self {
        case .frechetDistance: isFID ? "FID" : "Frechet distance"
        case .kernelDistance: isFID ? "KID" : "Kernel distance"
        case .inceptionScore: isFID ? "Inception score" : "Classifier score"
        case .precision: "Precision"
        case .recall: "Recall"
        case .density: "Density"
        case .coverage: "Coverage"
        case .brightnessDrift: "Brightness drift"
        case .contrastDrift: "Contrast drift"
        case .saturationDrift: "Saturation drift"
        case .intraClassLPIPS: "Intra-class LPIPS"
        case .sameNoiseLPIPS: "Same-noise LPIPS"
        case .clipScore: "CLIP score"
        }
    }

    /// How to read it.
    var hint: String {
        switch self {
        case .frechetDistance, .kernelDistance: "lower is better"
        case .inceptionScore, .precision, .recall, .density, .coverage: "higher is better"
        case .brightnessDrift, .contrastDrift, .saturationDrift: "0 is best"
        case .intraClassLPIPS: "diversity within a class; higher is more"
        case .sameNoiseLPIPS: "to the teacher's images; lower is nearer"
        case .clipScore: "of images and their prompts; higher is better"
        }
    }
}

/// What a set of images is compared with.
enum Reference {
    case observed(Observations)
    case statistics(ReferenceStatistics)

    var gaussian: Gaussian {
        switch self {
        case .observed(let seen): seen.statistics.total.gaussian
        case .statistics(let saved): saved.gaussian
        }
    }

    /// Whether there were too few images for the features; nil if their number is not known.
    var isRankDeficient: Bool? {
        switch self {
        case .observed(let seen): seen.count <= seen.statistics.dimension
        case .statistics(let saved): saved.isRankDeficient
        }
    }
}

/// The scores of images that features tell: those of distributions always, those of single vectors where both sides have
/// kept them; and that of prompts, where there are any.
func scores(of seen: Observations, against reference: Reference) -> [NamedScore] {
    var scores = [NamedScore(.frechetDistance, frechetDistance(seen.statistics, reference.gaussian))]
    if let logits = seen.allLogits, logits.shape[0] >= 10 {
        scores.append(NamedScore(.inceptionScore, inceptionScore(logits: logits)))
    }
    if !seen.promptScores.isEmpty {
        scores.append(NamedScore(.clipScore, Score(meanOf: seen.promptScores)))
    }
    guard case .observed(let others) = reference else { return scores }
    if let ours = seen.allFeatures, let theirs = others.allFeatures {
        let fewer = min(ours.shape[0], theirs.shape[0])
        let subset = min(1_000, fewer / 2)
        if subset >= 2 {
            scores.append(NamedScore(.kernelDistance, kernelDistance(ours, theirs, subsetSize: subset)))
        }
        if fewer > 5 {
            let (generated, real) = (Manifold(ours), Manifold(theirs))
            let (precision, recall) = precisionAndRecall(of: generated, against: real)
            let (density, coverage) = densityAndCoverage(of: ours, against: real)
            scores += [
                NamedScore(.precision, precision), NamedScore(.recall, recall),
                NamedScore(.density, density), NamedScore(.coverage, coverage),
            ]
        }
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

/// The scores of several seeds as one: the mean, and the deviation over seeds, `sqrt(sum (x - mean)^2 / (n - 1))`.
func merged(_ seeds: [[NamedScore]]) -> [NamedScore] {
    guard seeds.count > 1 else { return seeds.flatMap { $0 } }
    return seeds[0].enumerated().map { index, first in
        let values = seeds.map { $0[index].value }
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + pow($1 - mean, 2) } / Double(values.count - 1)
        return NamedScore(first.name, Score(mean, spread: variance.squareRoot()))
    }
}

/// A table of scores, a line each.
func table(of scores: [NamedScore], isFID: Bool) -> String {
    scores.map { score in
        let title = score.name.title(isFID: isFID).padding(toLength: 18, withPad: " ", startingAt: 0)
        return
            "\(title)  \(score.text.padding(toLength: 20, withPad: " ", startingAt: 0))  \(score.name.hint)"
    }.joined(separator: "\n")
}
