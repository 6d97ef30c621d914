// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// A file that a metric cannot use.
public enum EvaluationError: LocalizedError, Equatable, CustomStringConvertible {
    /// A metric network whose weights a file should hold.
    public enum Network: Sendable {
        /// VGG16 and the weights of LPIPS.
        case lpips
        /// ``InceptionV3``.
        case inception
        /// ``EfficientNetLite0``.
        case efficientNetLite0
    }

    /// There is no such file of weights.
    case missingWeights(file: String, of: Network)
    /// A tensor has another shape or is not there, in which case `found` is `nil`.
    case foreignWeights(file: String, of: Network, tensor: String, expected: [Int], found: [Int]?)
    /// The file holds a tensor that the network does not have.
    case surplusWeights(file: String, of: Network, tensor: String)
    /// A program does not turn images into features.
    case notADetector(file: String, reason: String)
    /// A folder does not hold a CLIP model whose parts fit each other.
    case notCLIP(folder: String, reason: String)
    /// There is no such file of reference statistics.
    case missingReference(file: String)
    /// A file does not hold what reference statistics need.
    case foreignReference(file: String, reason: String)
    /// Reference statistics are of other features than those to compare.
    case otherFeatures(file: String, expected: FeatureKind, found: String)

    /// One sentence: which file, what is wrong with it, what to do.
    public var description: String {
        switch self {
        case .missingWeights(let file, let network):
            return "The weights of \(network.title) are not at \(file): \(network.remedy)."
        case .foreignWeights(let file, let network, let tensor, let expected, let found):
            let difference = found.map { "has shape \($0) instead of \(expected)" } ?? "is missing"
            return "\(file) does not hold \(network.title): \(tensor) \(difference); \(network.remedy)."
        case .surplusWeights(let file, let network, let tensor):
            return "\(file) does not hold \(network.title) alone: it has \(tensor) too; \(network.remedy)."
        case .notADetector(let file, let reason):
            return
                "\(file) does not turn images into features: \(reason); give a TorchScript program that takes "
                + "images [N, 3, H, W] of uint8 and returns [N, D]."
        case .notCLIP(let folder, let reason):
            return
                "The files of \(folder) do not make a CLIP model: \(reason); copy or download the whole model again."
        case .missingReference(let file):
            return
                "There are no reference statistics at \(file): check the path, or make them of a set of images."
        case .foreignReference(let file, let reason):
            return "\(file) does not hold reference statistics: \(reason); give an .npz file with mu [D] and "
                + "sigma [D, D]."
        case .otherFeatures(let file, let expected, let found):
            return
                "\(file) holds statistics of \(found), which do not compare with \(expected): use the same network "
                + "and resize, or make the reference again."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}

extension EvaluationError.Network {
    fileprivate var title: String {
        switch self {
        case .lpips: "LPIPS on VGG16"
        case .inception: "FID's Inception-v3"
        case .efficientNetLite0: "EfficientNet-Lite0"
        }
    }

    fileprivate var remedy: String {
        switch self {
        case .lpips, .efficientNetLite0: "delete the file if it is there and run scripts/setup to fetch it"
        case .inception:
            "get \(InceptionV3.publishedFile), which the Python packages pytorch-fid and torch-fidelity fetch"
        }
    }
}
