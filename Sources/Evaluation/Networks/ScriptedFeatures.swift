// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

public import Foundation
public import Torch

/// Features of a TorchScript program, such as NVIDIA's `inception-2015-12-05.pt` and `vgg16.pt`.
///
/// The program resizes images by itself. NVIDIA's take images `[N, 3, H, W]` of `uint8` and, with the option
/// `return_features`, return `[N, D]`. It runs on libtorch's own interpreter, see `ScriptProgram`: load programs from
/// sources that you trust.
public final class ScriptedFeatures: FeatureNetwork {
    /// The file of the program.
    public let weights: URL
    /// The file's name without its extension, the number of features, and `scripted` for how it resizes.
    public let kind: FeatureKind

    private let program: ScriptProgram
    private let options: [String: Bool]
    private let device: Device

    /// Loads a program and tries it on an image of 64 x 64 pixels.
    ///
    /// - Parameters:
    ///   - url: the file.
    ///   - options: arguments by name.
    ///   - device: where to compute.
    /// - Throws: `ScriptError` if the program cannot be loaded or fails; ``EvaluationError/notADetector(file:reason:)`` if
    ///   it returns anything but a vector an image.
    public init(program url: URL, options: [String: Bool] = ["return_features": true], device: Device = .cpu)
        throws
    {
        program = try ScriptProgram(url, device: device)
        (weights, self.options, self.device) = (url, options, device)
        let trial = try program(.zeros([2, 3, 64, 64], dtype: .uint8, device: device), options: options)
        guard trial.rank == 2, trial.shape[0] == 2, trial.shape[1] > 0 else {
            throw EvaluationError.notADetector(
                file: url.path, reason: "it returns \(trial.shape) of 2 images")
        }
        kind = FeatureKind(
            network: url.deletingPathExtension().lastPathComponent, resize: "scripted", count: trial.shape[1])
    }

    /// None: what such programs return beside features has no common form.
    public var classCount: Int? { nil }

    /// The features of each image, float32 `[N, D]`.
    ///
    /// - Parameter images: see ``FeatureNetwork/features(ofLevels:)``; floating-point levels are rounded.
    /// - Throws: `ScriptError` if the program fails; ``EvaluationError/notADetector(file:reason:)`` if it does not return
    ///   as many vectors as there are images.
    public func features(ofLevels images: Tensor) throws -> ImageFeatures {
        let levels = rgb(images).to(device)
        let whole = levels.dtype == .uint8 ? levels : levels.rounded().clamped(min: 0, max: 255).to(.uint8)
        let features = try program(whole.contiguous(), options: options)
        guard features.shape == [images.shape[0], kind.count] else {
            throw EvaluationError.notADetector(
                file: weights.path, reason: "it returns \(features.shape) of \(images.shape[0]) images")
        }
        return ImageFeatures(features: features.to(.float32))
    }
}
