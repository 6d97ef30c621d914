// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 The swift-dmd authors

import ArgumentParser
import Evaluation
import Files
import Foundation
import Torch

/// Which network's features images are compared by.
struct FeatureOptions: ParsableArguments {
    @Option(
        help: """
            The network whose features are compared: vgg16, inception (with torch-fidelity's resize), \
            inception-pytorch-fid, or a TorchScript program such as NVIDIA's inception-2015-12-05.pt, which is run: \
            take it from where you trust.
            """)
    var features = "vgg16"

    @Option(
        help: """
            The weights of vgg16 or inception (default: .weights/lpips-vgg16.safetensors, which scripts/setup fetches, \
            and .weights/inception.safetensors, which dmd convert makes).
            """)
    var featureWeights: Path?

    /// - Throws: `MetricsError`, `ScriptError` or `SafetensorsError` if there is no such network.
    func load(device: Device) throws -> any FeatureNetwork {
        try loadFeatures(features, weights: featureWeights, device: device)
    }
}

/// What features were compared, with the sum of the weights.
struct FeatureOrigin: Codable, Equatable {
    /// As given with `--features`.
    var name: String
    /// The network, its layer and the resize.
    var kind: FeatureKind
    /// Where the weights were.
    var path: String
    /// The SHA-256 sum of their file.
    var sha256: String
    /// Whether distances are FID: the features are those of the published Inception-v3.
    var isFID: Bool

    init(_ name: String, _ network: any FeatureNetwork) throws {
        self.name = name
        kind = network.kind
        path = network.weights.relativePath
        sha256 = try Files.sha256(ofFile: network.weights)
        isFID = (network as? InceptionV3)?.isPublished ?? false
    }
}

/// Loads the network of a name that `--features` takes.
func loadFeatures(_ name: String, weights: Path?, device: Device) throws -> any FeatureNetwork {
    func inception(_ input: InceptionV3.Input) throws -> InceptionV3 {
        let path = weights ?? Path(argument: ".weights/inception.safetensors")
        return try InceptionV3(weights: path.url, input: input, device: device)
    }
    switch name {
    case "vgg16":
        let path = weights ?? .lpips
        return try VGGFeatures(weights: path.url, resize: nil, device: device)
    case "inception": return try inception(.tensorFlow)
    case "inception-pytorch-fid": return try inception(.pyTorchFID)
    case _ where name.hasSuffix(".pt"):
        return try ScriptedFeatures(program: Path(argument: name).url, device: device)
    default:
        throw CommandError(
            "--features is \(name): give vgg16, inception, inception-pytorch-fid or a TorchScript program's path, which "
                + "ends in .pt.")
    }
}

/// The sum of the list of the sums of a folder's files, in the order of their names.
///
/// - Parameter isMeant: whether a file of that name counts.
func sum(ofFilesIn folder: URL, _ isMeant: (String) -> Bool) throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().filter(isMeant)
    return sha256(Data(try names.map { try sha256(ofFile: folder.appending(path: $0)) }.joined().utf8))
}
