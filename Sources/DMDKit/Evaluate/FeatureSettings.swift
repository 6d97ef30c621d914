// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import Evaluation
import Foundation
import Torch

/// Which network's features images are compared by.
struct FeatureSettings {
    /// `efficientnet-lite0`, `vgg16`, `inception`, `inception-pytorch-fid` or the path of a TorchScript program.
    var name = usualName
    /// Its weights; nil for those that are installed.
    var weights: String?
    /// The weights of LPIPS, which hold those of `vgg16`.
    var lpips: String?

    /// The features where none are asked for.
    static let usualName = "efficientnet-lite0"

    /// Whether the name is that of a TorchScript program.
    var isProgram: Bool { name.hasSuffix(".pt") }

    /// Loads the network.
    ///
    /// - Throws: ``SettingError`` for another name; ``KitError``, `EvaluationError`, `ScriptError` or `SafetensorsError` for
    ///   weights that are not there or are no such network's.
    func load(device: Device) throws -> any FeatureNetwork {
        switch name {
        case "efficientnet-lite0":
            return try EfficientNetLite0(weights: DataFiles.efficientNet(weights), device: device)
        case "vgg16":
            return try VGGFeatures(weights: DataFiles.lpips(weights ?? lpips), resize: nil, device: device)
        case "inception": return try inception(.tensorFlow, device)
        case "inception-pytorch-fid": return try inception(.pyTorchFID, device)
        case _ where isProgram:
            try refuse(
                ["featureWeights": weights], "does not apply to a TorchScript program, which has its own")
            return try ScriptedFeatures(program: URL(filePath: name), device: device)
        default:
            throw SettingError(
                "features", "is \(name)",
                "give efficientnet-lite0, vgg16, inception, inception-pytorch-fid, or the path of a TorchScript program, which "
                    + "ends in .pt")
        }
    }

    /// Where there are no weights, the network's error says how to get them.
    private func inception(_ input: InceptionV3.Input, _ device: Device) throws -> InceptionV3 {
        let names = weights == nil ? [InceptionV3.publishedFile, "inception.safetensors"] : [""]
        let found = names.compactMap { try? DataFiles.weights(weights, named: $0, of: "Inception-v3") }.first
        let file = found ?? URL(filePath: weights ?? ".weights/\(names[0])")
        return try InceptionV3(weights: file, input: input, device: device)
    }
}
