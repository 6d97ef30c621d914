// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation

/// A score on a ``Card``.
public struct NamedScore: Codable, Equatable, Sendable {
    /// Which.
    public let name: ScoreName
    /// The figure.
    public let value: Double
    /// How far it may be off, see ``Score``; nil where nothing is known of that.
    public let spread: Double?

    /// A score under its name.
    public init(_ name: ScoreName, _ score: Score) {
        (self.name, value, spread) = (name, score.value, score.spread)
    }

    /// The value and its spread, such as `3.1416 ± 0.0021`.
    public var text: String {
        String(format: "%.4f", value) + (spread.map { String(format: " ± %.4f", $0) } ?? "")
    }
}

extension NamedScore {
    /// The scores of several seeds as one: the mean, and the deviation over seeds, `sqrt(sum (x - mean)^2 / (n - 1))`; those
    /// of one seed as they are.
    ///
    /// - Parameter seeds: the same scores, in the same order, of each seed.
    public static func merged(_ seeds: [[NamedScore]]) -> [NamedScore] {
        guard let first = seeds.first, seeds.count > 1 else { return seeds.flatMap(\.self) }
        return first.enumerated().map { index, score in
            let values = seeds.map { $0[index].value }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + pow($1 - mean, 2) } / Double(values.count - 1)
            return NamedScore(score.name, Score(mean, spread: variance.squareRoot()))
        }
    }
}

/// The scores there are, in the order of tables.
public enum ScoreName: String, Codable, CaseIterable, Sendable {
    /// Distance of means and covariances of features, see ``frechetDistance(_:_:)-(GroupedStatistics,_)``.
    case frechetDistance
    /// See ``kernelDistance(_:_:subsetSize:subsets:seed:)``.
    case kernelDistance
    /// See ``inceptionScore(logits:splits:)``.
    case inceptionScore
    /// See ``precisionAndRecall(of:against:neighbours:)``.
    case precision
    /// See ``precisionAndRecall(of:against:neighbours:)``.
    case recall
    /// See ``densityAndCoverage(of:against:neighbours:)``.
    case density
    /// See ``densityAndCoverage(of:against:neighbours:)``.
    case coverage
    /// How much brighter the images are than the reference, see ``ColourStatistics``.
    case brightnessDrift
    /// How much more contrast they have.
    case contrastDrift
    /// How much more saturated they are.
    case saturationDrift
    /// See ``intraClassDiversity(classes:pairs:batch:seed:images:distance:)``.
    case intraClassLPIPS
    /// ``LPIPS`` between images of a generator and of its teacher, of the same noise.
    case sameNoiseLPIPS
    /// See ``CLIPScore``.
    case clipScore

    /// What people call it.
    ///
    /// - Parameter isFID: whether features are those of the published Inception: of these alone scores are FID, KID and the
    ///   Inception score.
    public func title(isFID: Bool) -> String {
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
    public var hint: String {
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
