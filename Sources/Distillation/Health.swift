// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

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
/// critic learns where the generator's images lie, and the critic's loss merely fluctuates.
///
/// What tells is whether the critic keeps up with the generator, and whether the images keep the brightness and
/// contrast of the pairs: DMD2 (arXiv 2405.14867, appendix C) found drifting brightness to be the mark of too few
/// updates of the critic.
public enum Health: Equatable, Sendable, CustomStringConvertible {
    /// The learning rate still rises, and generated images are still the teacher's blurred first guess.
    case early
    /// None of what follows.
    case sane(lag: Double)
    /// The critic's loss on fresh images is above 1.1 of the teacher's.
    case criticLags(lag: Double)
    /// The brightness of images and pairs differs by more than 0.1 of the range from black to white.
    case brightnessDrifts(images: Double, pairs: Double)
    /// The standard deviation of images is less than half of that of pairs.
    case contrastLost(ratio: Double)
    /// The standard deviation of images is more than 1.5 of that of pairs.
    case contrastExaggerated(ratio: Double)

    /// Judges a run.
    ///
    /// - Parameters:
    ///   - isWarm: whether the learning rate has risen to its full height.
    ///   - lag: the critic's loss on fresh images as a fraction of the teacher's on the same; both are equal at the
    ///     start of a run.
    ///   - images: of generated images.
    ///   - pairs: of the pairs' images; nil without pairs.
    public init(isWarm: Bool, lag: Double, images: ImageStatistics, pairs: ImageStatistics?) {
        let contrast = pairs.map { images.standardDeviation / $0.standardDeviation }
        if !isWarm {
            self = .early
        } else if let contrast, contrast < 0.5 {
            self = .contrastLost(ratio: contrast)
        } else if let contrast, contrast > 1.5 {
            self = .contrastExaggerated(ratio: contrast)
        } else if let pairs, abs(images.brightness - pairs.brightness) > 0.1 {
            self = .brightnessDrifts(images: images.brightness, pairs: pairs.brightness)
        } else if lag > 1.1 {
            self = .criticLags(lag: lag)
        } else {
            self = .sane(lag: lag)
        }
    }

    /// Judges a run by the numbers of a line of its log; nil if they are not those of a distillation.
    public init?(isWarm: Bool, scalars: [String: Double]) {
        guard let lag = scalars["critic/lag"], let images = ImageStatistics("images", in: scalars) else {
            return nil
        }
        self.init(isWarm: isWarm, lag: lag, images: images, pairs: ImageStatistics("pairs", in: scalars))
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
        case .sane(let lag):
            "Looks sane: the critic's loss on fresh images is \(percent(lag)) of the teacher's, and a rising distribution matching loss is "
                + "normal."
        case .criticLags(let lag):
            "The critic lags behind the generator: its loss on fresh images is \(percent(lag)) of the teacher's; "
                + "\(remedy)."
        case .brightnessDrifts(let images, let pairs):
            "The brightness drifts: it is \(percent(images)) in generated images and \(percent(pairs)) in the pairs; "
                + "\(remedy)."
        case .contrastLost(let ratio):
            "The images lose contrast: their deviation is \(percent(ratio)) of the pairs', as when they collapse to one; "
                + "raise regression.weight or lower learningRate."
        case .contrastExaggerated(let ratio):
            "The images are oversaturated: their deviation is \(percent(ratio)) of the pairs'; \(remedy)."
        }
    }
}
