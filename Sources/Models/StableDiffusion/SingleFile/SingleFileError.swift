// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation

/// Why a file is not taken as a whole model of Stable Diffusion, or not written as one.
public enum SingleFileError: LocalizedError, Equatable, CustomStringConvertible {
    /// There are no tensors of such a model, or not all.
    case missing(file: String, tensor: String)
    /// A tensor is of another shape than the network's.
    case otherShape(file: String, tensor: String, expected: [Int], found: [Int])
    /// The network takes more than latents, as one for inpainting does.
    case otherInput(file: String, channels: Int)
    /// It is of another kind of model.
    case otherKind(file: String, found: String)
    /// There is no average of the U-Net's weights.
    case noAverage(file: String)
    /// Nothing says what the network predicts.
    case unknownPrediction(file: String)
    /// The model is of a version that single files are not written of.
    case otherVersion(folder: String)

    /// One sentence on what is wrong and what to do.
    public var description: String {
        switch self {
        case .missing(let file, let tensor):
            "\(file) is not a whole model of Stable Diffusion 1 or 2 by CompVis's names, since it has no \(tensor): give such a file, or a "
                + "folder in diffusers' layout."
        case .otherShape(let file, let tensor, let expected, let found):
            "\(file) cannot be used: \(tensor) is \(found) instead of \(expected); use a model of Stable Diffusion 1 or 2."
        case .otherInput(let file, let channels):
            "\(file) has a U-Net that takes \(channels) channels, such as one for inpainting: give a model that makes images of text alone."
        case .otherKind(let file, let found):
            "\(file) is \(found), which is not supported: give a whole model of Stable Diffusion 1 or 2."
        case .noAverage(let file):
            "\(file) holds no average of the U-Net's weights: leave out the key `ema`."
        case .unknownPrediction(let file):
            "\(file) is of Stable Diffusion 2, of which some models predict noise and others velocity, and does not say which: give the "
                + "prediction, v_prediction for models of 768 x 768 pixels and epsilon for those of 512 x 512."
        case .otherVersion(let folder):
            "\(folder) is not of Stable Diffusion 1, the only version that single files are written of: export it in the format of diffusers."
        }
    }

    /// The ``description``.
    public var errorDescription: String? { description }
}
