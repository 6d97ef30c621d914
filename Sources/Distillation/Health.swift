// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Foundation
public import Torch

/// How bright and how rich in contrast some images are.
public struct ImageStatistics: Equatable, Sendable {
    /// The mean of all values, in [-1, 1].
    public let mean: Double
    /// The standard deviation of all values.
    public let standardDeviation: Double
    /// The mean luma, from 0 for black to 1 for white: Rec. 709's weights for three channels, the mean otherwise.
    public let brightness: Double

    /// Measures images `[N, C, H, W]` in [-1, 1]; waits for the device.
    public init(of images: Tensor) {
        let channels = images.mean(dims: [0] + Array(2..<images.rank)).array(as: Double.self)
        mean = channels.reduce(0, +) / Double(channels.count)
        standardDeviation = images.standardDeviation(correction: 0).item()
        let luma =
            channels.count == 3
            ? zip(channels, [0.2126, 0.7152, 0.0722]).reduce(0) { $0 + $1.0 * $1.1 } : mean
        brightness = (luma + 1) / 2
    }

    /// Reads back what ``scalars(_:)`` made; nil if it is not there.
    init?(_ name: String, in scalars: [String: Double]) {
        guard let mean = scalars["\(name)/mean"], let standardDeviation = scalars["\(name)/std"],
            let brightness = scalars["\(name)/brightness"]
        else { return nil }
        self.mean = mean
        self.standardDeviation = standardDeviation
        self.brightness = brightness
    }

    /// The numbers by the tags of the log.
    func scalars(_ name: String) -> [String: Double] {
        ["\(name)/mean": mean, "\(name)/std": standardDeviation, "\(name)/brightness": brightness]
    }
}

/// Whether a run looks sane, in one sentence. The losses cannot tell: the distribution matching loss rises while the
/// critic learns where the generator's images lie, the critic's loss merely fluctuates, and the adversarial loss of the generator rises
/// where the discriminator learns.
///
/// What tells is whether the critic keeps up with the generator, whether the discriminator tells real from generated images, yet not too
/// well, whether one term drowns the others, and whether the images keep the brightness and contrast of the teacher's or of real ones:
/// DMD2 (arXiv 2405.14867, appendix C) found drifting brightness to be the mark of too few updates of the critic.
public enum Health: Equatable, Sendable, CustomStringConvertible {
    /// The learning rate still rises, and generated images are still the teacher's blurred first guess.
    case early
    /// None of what follows. The lag is nil where there is no critic.
    case sane(lag: Double?)
    /// The critic's loss on fresh images is above 1.1 of the teacher's.
    case criticLags(lag: Double)
    /// The brightness of generated and true images differs by more than 0.1 of the range from black to white.
    case brightnessDrifts(images: Double, real: Double)
    /// The standard deviation of images is less than half of that of true ones.
    case contrastLost(ratio: Double)
    /// The standard deviation of images is more than 1.5 of that of true ones.
    case contrastExaggerated(ratio: Double)
    /// The logits of real and generated images are further apart than 8: what the generator could learn from them vanishes.
    case discriminatorWins(gap: Double)
    /// The discriminator's loss is within 0.1% of `2 ln 2`, that of a guess.
    case discriminatorBlind(loss: Double)
    /// Recall is below 0.7 of what it was at its best; see ``Variety``.
    case varietyLost(recall: Double, best: Double)
    /// A term pulls at images more than 30 times as hard as another.
    case termsOutOfBalance(strong: String, weak: String, ratio: Double)

    /// Judges a run by the numbers of a line of its log; nil if they are not those of a distillation.
    ///
    /// - Parameters:
    ///   - isWarm: whether the learning rate has risen to its full height.
    ///   - scalars: what ``Distiller/scalars(of:done:)`` gave.
    public init?(isWarm: Bool, scalars: [String: Double]) {
        guard let images = ImageStatistics("images", in: scalars) else { return nil }
        let real = ImageStatistics("real", in: scalars)
        let lag = scalars["critic/lag"]
        self =
            isWarm
            ? Self.contrast(images, real) ?? Self.discriminator(scalars) ?? Self.balance(scalars)
                ?? lag.flatMap { $0 > 1.1 ? .criticLags(lag: $0) : nil } ?? .sane(lag: lag) : .early
    }

    private static func contrast(_ images: ImageStatistics, _ real: ImageStatistics?) -> Health? {
        guard let real else { return nil }
        let contrast = images.standardDeviation / real.standardDeviation
        if contrast < 0.5 { return .contrastLost(ratio: contrast) }
        if contrast > 1.5 { return .contrastExaggerated(ratio: contrast) }
        return abs(images.brightness - real.brightness) > 0.1
            ? .brightnessDrifts(images: images.brightness, real: real.brightness) : nil
    }

    private static func discriminator(_ scalars: [String: Double]) -> Health? {
        guard let loss = scalars["loss/discriminator"], let real = scalars["logit/real"],
            let fake = scalars["logit/fake"]
        else { return nil }
        if real - fake > 8 { return .discriminatorWins(gap: real - fake) }
        return abs(loss / (2 * log(2)) - 1) < 0.001 ? .discriminatorBlind(loss: loss) : nil
    }

    private static func balance(_ scalars: [String: Double]) -> Health? {
        let norms = scalars.filter { $0.key.hasPrefix("gradient/") && $0.value > 0 }
            .map { (name: String($0.key.dropFirst("gradient/".count)), norm: $0.value) }
            .sorted { ($0.norm, $0.name) < ($1.norm, $1.name) }
        guard let weak = norms.first, let strong = norms.last, strong.norm > 30 * weak.norm else {
            return nil
        }
        return .termsOutOfBalance(strong: strong.name, weak: weak.name, ratio: strong.norm / weak.norm)
    }

    /// Whether nothing speaks against going on.
    public var isSane: Bool {
        switch self {
        case .early, .sane: true
        default: false
        }
    }

    /// The sentence.
    public var description: String {
        func percent(_ fraction: Double) -> String { "\(Int((fraction * 100).rounded()))%" }
        let remedy = "raise critic.steps or lower learningRate"
        return switch self {
        case .early:
            "Too early to tell: the learning rate is still rising."
        case .sane(let lag?):
            "Looks sane: the critic's loss on fresh images is \(percent(lag)) of the teacher's, and a rising distribution matching loss is "
                + "normal."
        case .sane(nil):
            "Looks sane: brightness and contrast are those of true images."
        case .criticLags(let lag):
            "The critic lags behind the generator: its loss on fresh images is \(percent(lag)) of the teacher's; "
                + "\(remedy)."
        case .brightnessDrifts(let images, let real):
            "The brightness drifts: it is \(percent(images)) in generated images and \(percent(real)) in true ones; "
                + "\(remedy)."
        case .contrastLost(let ratio):
            "The images lose contrast: their deviation is \(percent(ratio)) of that of true ones, as when they collapse to one; "
                + "raise regression.weight or lower learningRate."
        case .contrastExaggerated(let ratio):
            "The images are oversaturated: their deviation is \(percent(ratio)) of that of true ones; \(remedy)."
        case .discriminatorWins(let gap):
            "The discriminator is too strong: its logits of real images are \(String(format: "%.1f", gap)) above those of generated "
                + "ones, which leaves the generator little to learn from; lower adversarial.learningRate or raise adversarial.r1Weight."
        case .discriminatorBlind(let loss):
            "The discriminator is blind, or the generator keeps pace with it: its loss of \(String(format: "%.4f", loss)) is that of a "
                + "guess, 2 ln 2; if distances do not fall, raise adversarial.width or adversarial.learningRate, or compare images at "
                + "less noise by adversarial.levels."
        case .varietyLost(let recall, let best):
            "Variety is being lost: recall is \(String(format: "%.3f", recall)), and was \(String(format: "%.3f", best)) at its best; raise "
                + "regression.weight or lower the weight of the other terms, or take the weights of an earlier checkpoint."
        case .termsOutOfBalance(let strong, let weak, let ratio):
            "The terms are out of balance: `\(strong)` pulls at images \(String(format: "%.0f", ratio)) times as hard as `\(weak)`; "
                + "change their weights, or leave the weak one out."
        }
    }
}

/// Watches how many kinds of images a generator makes, by recall on the way: modes that are lost do not come back by themselves.
public struct Variety: Sendable {
    private var best = 0.0

    /// Nothing seen yet.
    public init() {}

    /// Takes the numbers of a line of the log, of which it reads `distance/recall`.
    ///
    /// - Returns: ``Health/varietyLost(recall:best:)`` where recall has fallen; nil where nothing is amiss, or the line has no recall.
    public mutating func health(of scalars: [String: Double]) -> Health? {
        guard let recall = scalars["distance/recall"] else { return nil }
        best = max(best, recall)
        return recall < 0.7 * best ? .varietyLost(recall: recall, best: best) : nil
    }
}
